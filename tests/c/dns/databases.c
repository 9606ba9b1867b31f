// rule: getpwnam(3), getgrgid(3), getservbyname(3) and their kin give every thread the same answers
// env: GEVENTRS_SLICE=5000
#include "nameserver.h"
#include <grp.h>
#include <pwd.h>
#include <aliases.h>
#include <netinet/ether.h>
#include <rpc/netdb.h>
#include <shadow.h>

static void *ask(void *arg) {
    int say = arg != NULL;
    char buffer[1024];
    struct passwd p, *pr;
    struct group g, *gr;
    struct servent s, *sr;
    struct protoent o, *or;
    CHECK_EQ(getpwnam_r("root", &p, buffer, sizeof buffer, &pr), 0);
    CHECK(pr == &p);
    if (say) printf("%s %d %s\n", p.pw_name, (int)p.pw_uid, p.pw_dir);
    CHECK_EQ(getpwuid_r(0, &p, buffer, 3, &pr), ERANGE);
    CHECK(pr == NULL);
    CHECK_EQ(getpwnam_r("nobody-has-this-name", &p, buffer, sizeof buffer, &pr), 0);
    CHECK(pr == NULL);
    CHECK_EQ(getgrgid_r(0, &g, buffer, sizeof buffer, &gr), 0);
    CHECK(gr == &g);
    if (say) printf("%s %d\n", g.gr_name, (int)g.gr_gid);
    if (getservbyname_r("http", "tcp", &s, buffer, sizeof buffer, &sr) == 0 && sr && say)
        printf("http %d\n", ntohs(s.s_port));
    if (getprotobyname_r("udp", &o, buffer, sizeof buffer, &or) == 0 && or && say)
        printf("udp %d\n", o.p_proto);
    gid_t groups[64];
    int n = 64;
    CHECK(getgrouplist("root", 0, groups, &n) > 0);
    if (say) printf("%d groups\n", n);
    return NULL;
}

int main(void) {
    pthread_t t[8];
    u_tick_start();
    for (int i = 0; i < 8; i++) t[i] = u_spawn(ask, NULL);
    for (int i = 0; i < 8; i++) u_join(t[i]);
    ask("say");
    /* static storage, and the position in a database, belong to the process */
    struct passwd *p = getpwuid(0);
    CHECK(p != NULL && p == getpwuid(0));
    int users = 0, entries = 0;
    setpwent();
    while (getpwent()) users++;
    endpwent();
    setgrent();
    while (getgrent()) entries++;
    endgrent();
    printf("%d users, %d groups\n", users, entries);
    struct spwd *shadow = getspnam("root");
    printf("shadow %s\n", shadow ? shadow->sp_namp : "-");
    struct servent *service = getservbyport(htons(53), "udp");
    printf("53 %s\n", service ? service->s_name : "-");
    struct protoent *protocol = getprotobynumber(6);
    printf("6 %s\n", protocol ? protocol->p_name : "-");
    struct netent *network = getnetbyname("loopback");
    printf("loopback %s\n", network ? network->n_name : "-");
    struct rpcent *rpc = getrpcbynumber(100000);
    printf("100000 %s\n", rpc ? rpc->r_name : "-");
    struct ether_addr hardware;
    printf("ether %d\n", ether_hostton("no-such-host", &hardware) != 0);
    printf("alias %s\n", getaliasbyname("no-such-alias") ? "?" : "-");
    printf("netgroup %d\n", innetgr("no-such-netgroup", "h", "u", "d"));
    u_tick_end();
    return 0;
}
