// rule: a new thread in the child of a fork has nothing of the parent's other threads: no values of keys, thread-locals, locale, errno, destructors to run
#include "../check.h"
#include <clocale>
#include <cwchar>
#include <semaphore.h>
#include <sys/wait.h>

static pthread_key_t keys[100];
static sem_t ready, go;

struct Local {
	int value = 1;
	~Local() { printf("%d: destructor of %d\n", (int)getpid() == owner, value); }
	static int owner;
};
int Local::owner;
static thread_local Local local;
static thread_local int plain = 3;

static void *leaves_much(void *arg)
{
	for (auto key : keys)
		CHECK_OK(pthread_setspecific(key, &keys));
	local.value = 2;
	plain = 4;
	errno = EXDEV;
	uselocale(newlocale(LC_ALL_MASK, "C.UTF-8", NULL));
	free(malloc(100));
	sem_post(&ready);
	while (sem_wait(&go))
		;
	return arg;
}

static void *finds_nothing(void *arg)
{
	for (auto key : keys)
		CHECK(pthread_getspecific(key) == NULL);
	CHECK_EQ(plain, 3);
	CHECK_EQ(errno, 0);
	CHECK(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
	for (int i = 0; i < 100; i++)
		free(malloc(i * 50));
	if (arg)
		local.value = 5;
	return arg;
}

int main()
{
	enum { THREADS = 8 };
	pthread_t t[THREADS];
	setvbuf(stdout, NULL, _IOLBF, 0);
	Local::owner = getpid();
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	for (auto &key : keys)
		CHECK_OK(pthread_key_create(&key, NULL));
	for (auto &one : t)
		CHECK_OK(pthread_create(&one, NULL, leaves_much, NULL));
	for (int i = 0; i < THREADS; i++)
		sem_wait(&ready);
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < 2 * THREADS; i++) {
			pthread_t one;
			void *value;
			CHECK_OK(pthread_create(&one, NULL, finds_nothing, i < THREADS ? NULL : &child));
			CHECK_OK(pthread_join(one, &value));
		}
		fflush(stdout);
		_exit(0);
	}
	int status;
	CHECK_EQ(waitpid(child, &status, 0), child);
	printf("child %d\n", status);
	for (int i = 0; i < THREADS; i++)
		sem_post(&go);
	for (auto one : t)
		CHECK_OK(pthread_join(one, NULL));
}
