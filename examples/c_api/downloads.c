// Downloads five files at once from a slow server of its own, and prints each as it
// arrives: the small ones come first.
//
//     cc downloads.c $(pkg-config --cflags --libs geventrs) -o downloads
#include "net.h"

enum { FILES = 5, PIECE = 10000 };

static unsigned short port;

// 10 kB every 20 ms.
static void serve(int fd, void *arg)
{
	static const char piece[PIECE] = "x";
	char name[64];
	int tens = 0;
	(void)arg;
	if (read_line(fd, name, sizeof name) < 0 || sscanf(name, "file-%d", &tens) != 1)
		return;
	for (; tens > 0; tens--) {
		gev_sleep(20 * GEV_MILLISECOND);
		if (gev_send(fd, piece, PIECE, MSG_NOSIGNAL, GEV_FOREVER) != PIECE)
			return;
	}
}

static void *download(void *arg)
{
	char request[64], buffer[PIECE];
	size_t length = 0;
	ssize_t n;
	int fd = connect_to(port, GEV_FOREVER);
	snprintf(request, sizeof request, "file-%d\n", *(int *)arg);
	if (fd < 0 || send_text(fd, request))
		die("download");
	while ((n = gev_recv(fd, buffer, sizeof buffer, 0, GEV_FOREVER)) > 0)
		length += (size_t)n;
	close(fd);
	return (void *)length;
}

int main(void)
{
	int tens[FILES] = { 10, 2, 8, 4, 6 };
	gev_greenlet *downloads[FILES];
	size_t order[FILES], total = 0;
	int listener = listen_on(0);
	gev_server *server = gev_server_new(listener, serve, NULL, NULL);
	port = port_of(listener);
	gev_server_start(server);

	for (int i = 0; i < FILES; i++)
		downloads[i] = gev_spawn(download, &tens[i]);
	gev_wait((void **)downloads, FILES, 0, GEV_FOREVER, order);
	for (int i = 0; i < FILES; i++) {
		void *length;
		gev_get(downloads[order[i]], &length, GEV_FOREVER);
		printf("file-%d: %zu bytes\n", tens[order[i]], (size_t)length);
		total += (size_t)length;
	}
	printf("%zu bytes\n", total);
	for (int i = 0; i < FILES; i++)
		gev_release(downloads[i]);
	gev_server_stop(server, GEV_SECOND);
	gev_server_free(server);
	close(listener);
	return 0;
}
