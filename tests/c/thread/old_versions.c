// rule: a program that was linked against an old glibc asks for old symbol versions, among them other forms of the condition variables; they are cooperative, too
// one-thread: yes
// cflags: -nostartfiles -fno-builtin -fcf-protection=none
#include "../check.h"
#include <semaphore.h>
#include <signal.h>

/* What a linker noted when these versions were the default ones. */
#define OLD(name) __asm__(".symver " #name ", " #name "@GLIBC_2.2.5")
OLD(pthread_cond_init);
OLD(pthread_cond_destroy);
OLD(pthread_cond_wait);
OLD(pthread_cond_timedwait);
OLD(pthread_cond_signal);
OLD(pthread_cond_broadcast);
OLD(pthread_create);
OLD(pthread_join);
OLD(pthread_once);
OLD(pthread_key_create);
OLD(pthread_kill);
OLD(pthread_sigmask);
OLD(sem_init);
OLD(sem_wait);
OLD(sem_post);
OLD(memcpy);
OLD(poll);
OLD(read);
OLD(write);
OLD(__libc_start_main);

/* crt1.o as it was before 2.34: it passes the program's initialisers. */
static int initialised, finished;
static void init(int argc, char **argv, char **envp) { initialised = argc == 1 && argv[0] && envp; }
static void fini(void) { finished = 1; }
extern int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(int, char **, char **),
                             void (*)(void), void (*)(void), void *);
int main(int argc, char **argv, char **envp);
__attribute__((used, noreturn)) static void start(long *stack, void (*rtld_fini)(void))
{
	__libc_start_main(main, (int)stack[0], (char **)(stack + 1), init, fini, rtld_fini, stack);
	abort();
}
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tmov %rdx, %rsi\n"
        "\tand $-16, %rsp\n\tcall start\n");

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t fixed = PTHREAD_COND_INITIALIZER;
static sem_t posted;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int turn, made, pipe_[2];
static volatile sig_atomic_t handled;

static void make(void)
{
	sched_yield();
	made++;
	CHECK_OK(pthread_key_create(&key, NULL));
}
static void handler(int signal) { handled = signal; }

struct player {
	pthread_cond_t *cond;
	int me;
};
static void *plays(void *arg)
{
	struct player *p = arg;
	CHECK_OK(pthread_once(&once, make));
	CHECK_OK(pthread_setspecific(key, p));
	CHECK_OK(pthread_mutex_lock(&m));
	for (int i = 0; i < 100; i++) {
		while (turn != p->me)
			CHECK_OK(pthread_cond_wait(p->cond, &m));
		turn = !turn;
		CHECK_OK(pthread_cond_signal(p->cond));
	}
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK(pthread_getspecific(key) == p);
	CHECK_EQ(sem_post(&posted), 0);
	return NULL;
}

static void *reads(void *arg)
{
	char text[4] = "";
	CHECK_EQ(read(pipe_[0], text, 3), 3);
	memcpy(arg, text, 4);
	return NULL;
}

static void play(pthread_cond_t *cond)
{
	pthread_t t[2];
	struct player p[2] = {{cond, 0}, {cond, 1}};
	turn = 0;
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_create(&t[i], NULL, plays, &p[i]));
	for (int i = 0; i < 2; i++)
		CHECK_EQ(sem_wait(&posted), 0);
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	/* Nobody signals. */
	struct timespec until = ts_in(CLOCK_REALTIME, 20);
	CHECK_OK(pthread_mutex_lock(&m));
	int64_t t0 = now_ns();
	CHECK_RC(pthread_cond_timedwait(cond, &m, &until), ETIMEDOUT);
	CHECK_WAITED(t0, 19);
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_OK(pthread_cond_broadcast(cond));
}

int main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	CHECK(initialised && !finished);
	CHECK_EQ(sem_init(&posted, 0, 0), 0);
	play(&fixed);
	CHECK_OK(pthread_cond_destroy(&fixed));
	/* Initialised where there was something else. */
	pthread_cond_t *own = malloc(sizeof *own);
	for (int i = 0; i < 3; i++) {
		memset(own, 0x55, sizeof *own);
		CHECK_OK(pthread_cond_init(own, NULL));
		play(own);
		CHECK_OK(pthread_cond_destroy(own));
	}
	free(own);
	CHECK_EQ(made, 1);

	char text[4];
	pthread_t t;
	CHECK_EQ(pipe(pipe_), 0);
	CHECK_OK(pthread_create(&t, NULL, reads, text));
	sleep_ms(10);
	CHECK_EQ(write(pipe_[1], "abc", 3), 3);
	CHECK_OK(pthread_join(t, NULL));
	CHECK_STR(text, "abc");

	sigset_t set;
	signal(SIGUSR1, handler);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(pthread_kill(pthread_self(), SIGUSR1));
	CHECK_EQ(handled, 0);
	CHECK_OK(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	CHECK_EQ(handled, SIGUSR1);
	puts("old versions");
	fflush(stdout);
	return 0;
}
