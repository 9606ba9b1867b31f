// Runs six commands, three at a time, and prints what each has said; one fails, and
// one takes too long.
//
//     cc subprocesses.c $(pkg-config --cflags --libs geventrs) -o subprocesses
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <geventrs.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct command {
	const char *text;
	char said[256];
	int status;
	int killed;
};

// The child's output until it ends, under one limit for all.
static void *run(void *arg)
{
	struct command *command = arg;
	char *words[] = { "sh", "-c", (char *)command->text, NULL };
	posix_spawn_file_actions_t actions;
	size_t length = 0;
	ssize_t n;
	pid_t pid;
	int pipes[2];
	if (pipe2(pipes, O_CLOEXEC))
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
	int error = posix_spawnp(&pid, "sh", &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (error == 0) {
		gev_timeout *limit = gev_timeout_start(2 * GEV_SECOND);
		while ((n = gev_read(pipes[0], command->said + length,
				     sizeof command->said - 1 - length, GEV_FOREVER)) > 0)
			length += (size_t)n;
		if (n == 0 && gev_waitpid(pid, &command->status, GEV_FOREVER) == pid)
			pid = 0;
		command->killed = gev_timeout_stop(limit);
		if (pid != 0) {
			kill(pid, SIGKILL);
			gev_waitpid(pid, &command->status, GEV_FOREVER);
		}
	}
	close(pipes[0]);
	return arg;
}

int main(void)
{
	struct command commands[] = {
		{ .text = "sleep 0.3; echo slow" },
		{ .text = "echo quick" },
		{ .text = "exec sleep 60" },
		{ .text = "echo its own words; true" },
		{ .text = "echo oops >&2; exit 3" },
		{ .text = "echo $((6 * 7))" },
	};
	enum { COMMANDS = sizeof commands / sizeof *commands };
	void *items[COMMANDS];
	for (int i = 0; i < COMMANDS; i++)
		items[i] = &commands[i];
	gev_pool *pool = gev_pool_new(3);
	if (gev_pool_map(pool, run, items, NULL, COMMANDS)) {
		perror("gev_pool_map");
		return 1;
	}
	for (int i = 0; i < COMMANDS; i++) {
		struct command *c = &commands[i];
		printf("%s: ", c->text);
		if (c->killed)
			printf("killed after two seconds\n");
		else if (WEXITSTATUS(c->status))
			printf("failed with %d: %s", WEXITSTATUS(c->status), c->said);
		else
			printf("%s", c->said);
	}
	gev_pool_free(pool);
	return 0;
}
