// A chat: whatever one says all others hear. Each connection has a greenlet that reads
// and one that writes, with a queue between them and the rest.
//
//     cc chat_server.c $(pkg-config --cflags --libs geventrs) -o chat_server
//     ./chat_server 6000 & nc 127.0.0.1 6000
//
// Without a port it talks to itself, with three clients, and prints what each hears.
#include "net.h"

enum { MOST = 16, LINE = 256 };

// Those present. Greenlets take turns only where they wait, so this needs no lock.
static struct {
	char name[LINE];
	gev_queue *outbox;
} present[MOST];

static void tell(gev_queue *outbox, const char *line)
{
	char *copy = strdup(line);
	if (gev_queue_put(outbox, copy, GEV_NOWAIT))
		free(copy);
}

static void tell_others(const char *me, const char *line)
{
	for (int i = 0; i < MOST; i++)
		if (present[i].outbox && strcmp(present[i].name, me) != 0)
			tell(present[i].outbox, line);
}

struct writer {
	int fd;
	gev_queue *outbox;
};

static void *write_lines(void *arg)
{
	struct writer *w = arg;
	void *line;
	while (gev_queue_get(w->outbox, &line, GEV_FOREVER) == 0) {
		send_text(w->fd, line);
		send_text(w->fd, "\n");
		free(line);
	}
	return NULL;
}

static void serve(int fd, void *arg)
{
	char name[LINE / 4], line[LINE / 2], text[LINE];
	int at = 0;
	(void)arg;
	if (read_line(fd, name, sizeof name) < 0)
		return;
	while (at < MOST && present[at].outbox)
		at++;
	if (at == MOST)
		return;
	struct writer writer = { fd, gev_queue_new(GEV_FIFO, 0) };
	snprintf(present[at].name, LINE, "%s", name);
	present[at].outbox = writer.outbox;
	gev_greenlet *writes = gev_spawn(write_lines, &writer);
	snprintf(text, sizeof text, "welcome, %s", name);
	tell(writer.outbox, text);
	snprintf(text, sizeof text, "%s has come", name);
	tell_others(name, text);
	while (read_line(fd, line, sizeof line) >= 0) {
		snprintf(text, sizeof text, "%s: %s", name, line);
		tell_others(name, text);
	}
	present[at].outbox = NULL;
	snprintf(text, sizeof text, "%s has left", name);
	tell_others(name, text);
	gev_queue_shutdown(writer.outbox, 0);
	gev_join(writes, GEV_FOREVER);
	gev_release(writes);
	gev_queue_free(writer.outbox);
}

// ---- those who take part ----

static void say(int fd, const char *text)
{
	send_text(fd, text);
	send_text(fd, "\n");
}

static void hear(int fd, const char *me)
{
	char line[LINE];
	if (read_line(fd, line, sizeof line) < 0)
		snprintf(line, sizeof line, "the end");
	printf("%s hears: %s\n", me, line);
}

static int join_chat(unsigned short port, const char *name)
{
	int fd = connect_to(port, GEV_FOREVER);
	if (fd < 0)
		die("connect");
	say(fd, name);
	hear(fd, name);
	return fd;
}

int main(int argc, char **argv)
{
	int listener = listen_on(argc > 1 ? (unsigned short)atoi(argv[1]) : 0);
	unsigned short port = port_of(listener);
	gev_server *server = gev_server_new(listener, serve, NULL, NULL);
	if (argc > 1)
		return gev_server_serve_forever(server);
	gev_server_start(server);
	int ann = join_chat(port, "ann");
	int bob = join_chat(port, "bob");
	hear(ann, "ann");
	int cid = join_chat(port, "cid");
	hear(ann, "ann");
	hear(bob, "bob");
	say(ann, "good morning");
	hear(bob, "bob");
	hear(cid, "cid");
	shutdown(cid, SHUT_WR);
	hear(ann, "ann");
	hear(bob, "bob");
	hear(cid, "cid");
	close(ann);
	close(bob);
	close(cid);
	gev_server_stop(server, GEV_SECOND);
	gev_server_free(server);
	return 0;
}
