from support import *


@case
def dns_numeric(log):
    found = sockets.getaddrinfo("127.0.0.1", 80, type=sockets.SOCK_STREAM)
    log(len(found), *found[0][4])
    found = sockets.getaddrinfo("::1", 80, type=sockets.SOCK_STREAM)
    log(len(found), *found[0][4][:2])


@case
def dns_localhost(log):
    found = {f[4][0] for f in sockets.getaddrinfo("localhost", 80, type=sockets.SOCK_STREAM)}
    log("127.0.0.1" in found, sockets.gethostbyname("localhost"))


@case
def dns_switches(log):
    gevent.spawn(log, "ran")
    sockets.getaddrinfo("localhost", 80)
    log("resolved")


@case
def dns_unknown(log):
    log(fails(sockets.getaddrinfo, "name.invalid", 80), fails(sockets.gethostbyname, "name.invalid"))


@case
def dns_names(log):
    log(*sockets.getnameinfo(("127.0.0.1", 80), sockets.NI_NUMERICHOST | sockets.NI_NUMERICSERV))
    log(sockets.getnameinfo(("127.0.0.1", 80), sockets.NI_NUMERICHOST)[1])
    log(sockets.gethostbyname("127.0.0.1"), sockets.gethostbyaddr("127.0.0.1")[0])


@case
def dns_killed(log):
    g = gevent.spawn(sockets.getaddrinfo, "localhost", 80)
    g.kill()
    log(g.ready())
    log(len(sockets.getaddrinfo("127.0.0.1", 0, type=sockets.SOCK_STREAM)))
