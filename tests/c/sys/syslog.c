// rule: syslog(3): messages are formatted and labelled the same in every thread, whatever the arguments
// env: GEVENTRS_SLICE=5000
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
#include <syslog.h>

static void list(int priority, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    vsyslog(priority, format, ap);
    va_end(ap);
}

static void *all(void *arg) {
    const char *who = arg;
    syslog(LOG_DEBUG, "%s plain", who);
    syslog(LOG_DEBUG, "%s %d %d %d %d %d %d %d %d", who, 1, 2, 3, 4, 5, 6, 7, 8);
    syslog(LOG_DEBUG, "%s %g %g %g %g %g %g %g %g %g %g", who, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5);
    syslog(LOG_DEBUG, "%s %s %g %ld %Lg %c %g %d %s %g", who, "a", .25, 1L << 40, 1.25L, 'x', 2.25, -1, "end", 3.25);
    list(LOG_DEBUG, "%s %d %g %s %d %d %d %d", who, 1, .5, "v", 2, 3, 4, 5);
    errno = ENOENT;
    syslog(LOG_DEBUG, "%m");
    syslog(LOG_DEBUG, "%s new line\n", who);
    setlogmask(LOG_MASK(LOG_ERR));
    syslog(LOG_DEBUG, "not to be seen");
    setlogmask(LOG_UPTO(LOG_DEBUG));
    return NULL;
}

int main(void) {
    openlog("tester", LOG_PERROR, LOG_USER); /* stderr is compared */
    u_tick_start();
    all("main");
    u_join(u_spawn(all, "thread"));
    closelog();
    u_tick_end();
    return 0;
}
