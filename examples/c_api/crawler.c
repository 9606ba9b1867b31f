// Crawls a web site of its own, at most three pages at a time, and prints the status
// and name of each page that it has found. The site is a server in the same program, which
// takes 20 ms a page.
//
// It is patched: the crawlers use plain socket calls, as any library would.
//
//     cc crawler.c $(pkg-config --cflags --libs geventrs) -o crawler
#include "net.h"

enum { MOST = 64 };

static unsigned short port;

// ---- the site ----

// What each page links to; -1: there is no such page.
static int links(const char *page, char *body, size_t size)
{
	body[0] = 0;
	if (strcmp(page, "/") == 0)
		snprintf(body, size, "/a\n/b\n/missing\n");
	else if (strcmp(page, "/a") == 0 || strcmp(page, "/b") == 0)
		for (int n = 1; n <= 4; n++)
			snprintf(body + strlen(body), size - strlen(body), "%s/%d\n", page, n);
	else if (strcmp(page, "/a/1") == 0)
		snprintf(body, size, "/\n/b/2\n");
	else if (strlen(page) != 4)
		return -1;
	return 0;
}

static void serve(int fd, void *arg)
{
	char request[256], page[128], body[256], answer[512];
	(void)arg;
	if (read_line(fd, request, sizeof request) < 0 || sscanf(request, "GET %127s", page) != 1)
		return;
	gev_sleep(20 * GEV_MILLISECOND);
	int status = links(page, body, sizeof body) ? 404 : 200;
	snprintf(answer, sizeof answer, "HTTP/1.0 %d\r\n\r\n%s", status, body);
	send_text(fd, answer);
}

// ---- the crawler ----

struct page {
	char name[128];
	int status;
};

static struct page seen[MOST];
static int pages;
static gev_queue *found;

// Note a page that was not seen yet, and queue it. Greenlets take turns only where
// they wait, so this needs no lock.
static void visit(const char *name)
{
	for (int i = 0; i < pages; i++)
		if (strcmp(seen[i].name, name) == 0)
			return;
	if (pages == MOST)
		return;
	struct page *page = &seen[pages++];
	snprintf(page->name, sizeof page->name, "%s", name);
	gev_queue_put(found, page, GEV_FOREVER);
}

static void *crawl(void *arg)
{
	void *item;
	while (gev_queue_get(found, &item, GEV_FOREVER) == 0) {
		struct page *page = item;
		struct sockaddr_in site = loopback(port);
		char text[1024];
		size_t length = 0;
		ssize_t n;
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&site, sizeof site))
			die("connect");
		dprintf(fd, "GET %s HTTP/1.0\r\n\n", page->name);
		while ((n = read(fd, text + length, sizeof text - 1 - length)) > 0)
			length += (size_t)n;
		close(fd);
		text[length] = 0;
		sscanf(text, "HTTP/1.0 %d", &page->status);
		char *line, *rest = strstr(text, "\r\n\r\n");
		for (rest = rest ? rest + 4 : NULL; rest && (line = strsep(&rest, "\n"));)
			if (*line)
				visit(line);
		gev_queue_task_done(found);
	}
	return arg;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct page *)a)->name, ((const struct page *)b)->name);
}

int main(void)
{
	if (gev_patch_all())
		die("gev_patch_all");
	int listener = listen_on(0);
	gev_server *server = gev_server_new(listener, serve, NULL, NULL);
	port = port_of(listener);
	gev_server_start(server);

	gev_pool *pool = gev_pool_new(3);
	found = gev_queue_new(GEV_FIFO, 0);
	visit("/");
	for (int i = 0; i < 3; i++)
		gev_release(gev_pool_spawn(pool, GEV_FOREVER, crawl, NULL));
	gev_queue_join(found, GEV_FOREVER);
	gev_queue_shutdown(found, 0);
	gev_pool_join(pool, GEV_FOREVER);

	qsort(seen, (size_t)pages, sizeof *seen, by_name);
	for (int i = 0; i < pages; i++)
		printf("%d %s\n", seen[i].status, seen[i].name);
	gev_server_stop(server, GEV_SECOND);
	gev_server_free(server);
	gev_pool_free(pool);
	gev_queue_free(found);
	return 0;
}
