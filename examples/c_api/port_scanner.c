// Scans a range of ports on loopback, two hundred at a time, each for at most half a
// second.
//
//     cc port_scanner.c $(pkg-config --cflags --libs geventrs) -o port_scanner
//     ./port_scanner 1 10000
//
// Prints each port that is open. Without a range it opens three ports and says whether it
// has found them again.
#include "net.h"

static void *is_open(void *port)
{
	int fd = connect_to((unsigned short)(size_t)port, 500 * GEV_MILLISECOND);
	if (fd < 0)
		return NULL;
	close(fd);
	return port;
}

// How many of the ports are open; those that are not become NULL.
static size_t scan(void **ports, size_t n)
{
	gev_pool *pool = gev_pool_new(200);
	size_t open = 0;
	if (gev_pool_map(pool, is_open, ports, ports, n))
		die("gev_pool_map");
	gev_pool_free(pool);
	for (size_t i = 0; i < n; i++)
		open += ports[i] != NULL;
	return open;
}

int main(int argc, char **argv)
{
	static void *ports[65536];
	if (argc == 3) {
		size_t first = (size_t)atoi(argv[1]), last = (size_t)atoi(argv[2]), n = 0;
		for (size_t port = first; port <= last && port < 65536; port++)
			ports[n++] = (void *)port;
		scan(ports, n);
		for (size_t i = 0; i < n; i++)
			if (ports[i])
				printf("%zu is open\n", (size_t)ports[i]);
		return 0;
	}
	int listeners[3];
	size_t n = 0;
	for (int i = 0; i < 3; i++) {
		listeners[i] = listen_on(0);
		ports[n++] = (void *)(size_t)port_of(listeners[i]);
	}
	// A neighbourhood of the first.
	size_t first = (size_t)ports[0];
	for (size_t port = first - 50; port < first; port++)
		ports[n++] = (void *)port;
	scan(ports, n);
	printf("found all: %s\n", ports[0] && ports[1] && ports[2] ? "true" : "false");
	for (int i = 0; i < 3; i++)
		close(listeners[i]);
	printf("still open: %zu\n", scan(ports, 3));
	return 0;
}
