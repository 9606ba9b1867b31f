//! Who has the other end of a TCP connection on this machine.

use crate::asked::Asked;
use crate::support::*;

/// Three clients of a listener: one is served by another process, one by another thread, and
/// one has not been accepted.
const CLIENTS: &str = r#"
    #define _GNU_SOURCE
    #include <netinet/in.h>
    #include <pthread.h>
    #include <poll.h>
    #include <signal.h>
    #include <sys/prctl.h>
    #include <sys/socket.h>
    #include <unistd.h>
    static struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
    static int listener, served[3];
    static int client(void)
    {
        /* An IPv4 client of a socket that listens for both. */
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = address.sin6_port };
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect(fd, (void *)&to, sizeof to);
        return fd;
    }
    static void *reader(void *fd)
    {
        char c;
        return recv(*(int *)fd, &c, 1, 0) == 1 ? fd : NULL;
    }
    static void *poller(void *fd)
    {
        struct pollfd p = { *(int *)fd, POLLIN, 0 };
        poll(&p, 1, -1);
        return fd;
    }
    int main(void)
    {
        socklen_t size = sizeof address;
        pthread_t t;
        listener = socket(AF_INET6, SOCK_STREAM, 0);
        bind(listener, (void *)&address, size);
        listen(listener, 9);
        getsockname(listener, (void *)&address, &size);
        int far = client();
        served[0] = accept(listener, NULL, NULL);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(far);
            close(listener);
            execlp("sleep", "sleep", "600", NULL);
        }
        close(served[0]);
        int near = client(), pending;
        served[1] = accept(listener, NULL, NULL);
        pending = client();
        void *(*run[])(void *) = { reader, reader, poller, reader };
        int *fd[] = { &far, &near, &served[1], &pending };
        const char *name[] = { "far", "near", "server", "pending" };
        for (int i = 0; i < 4; i++) {
            pthread_create(&t, NULL, run[i], fd[i]);
            pthread_setname_np(t, name[i]);
        }
        pthread_join(t, NULL);
        return 0;
    }
"#;

#[test]
fn ps_says_who_has_the_other_end_of_a_connection() {
    let directory = scratch("tcp-peers");
    let program = compile(&directory, CLIENTS, &["-g"]);
    let asked = Asked::start(&directory, &program, &["--follow=off"]);
    let text =
        asked.says("ps", &["\"sleep\")", "not accepted", "poll of 1 fd", "\"server\" waits"]);
    let line = |name: &str| {
        let found = text.lines().find(|l| l.contains(&format!(" {name} ")));
        found.unwrap_or_else(|| panic!("{name}: {text}")).to_owned()
    };
    assert!(line("far").contains(" <- 127.0.0.1:") && line("far").contains("(fd "), "{text}");
    assert!(line("far").ends_with(" \"sleep\")"), "{text}");
    assert!(
        line("near").contains(" here, where ") && line("near").ends_with("\"server\" waits)"),
        "{text}"
    );
    assert!(line("server").ends_with("\"near\" waits)"), "{text}");
    assert!(line("pending").ends_with("(not accepted by fd 3 here)"), "{text}");
    let near = asked.greenlet("near").unwrap();
    let server = asked.greenlet("server").unwrap();
    assert_eq!(near["ends"][0]["greenlet"], server["id"]);
    assert_eq!(asked.greenlet("pending").unwrap()["ends"][0]["accepted"], false);
}
