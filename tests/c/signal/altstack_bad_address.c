// rule: sigaltstack(2) fails with EFAULT for an address that cannot be read, or not be written
// source: sigaltstack(2)
// timeout: 20
#include "../check.h"
#include <signal.h>
#include <sys/mman.h>

static void *bad_addresses(void *unused)
{
	(void)unused;
	static char memory[65536];
	stack_t mine = {.ss_sp = memory, .ss_size = sizeof memory}, now;
	CHECK_EQ(sigaltstack((stack_t *)16, NULL), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(sigaltstack(NULL, (stack_t *)16), -1);
	CHECK_EQ(errno, EFAULT);
	stack_t *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(constant != MAP_FAILED);
	/* It is set before the old one is told. */
	CHECK_EQ(sigaltstack(&mine, constant), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(sigaltstack(NULL, &now), 0);
	CHECK(now.ss_sp == memory && now.ss_size == sizeof memory && now.ss_flags == 0);
	CHECK_EQ(munmap(constant, 4096), 0);
	return NULL;
}

int main(void)
{
	pthread_t t;
	bad_addresses(NULL);
	CHECK_OK(pthread_create(&t, NULL, bad_addresses, NULL));
	CHECK_OK(pthread_join(t, NULL));
	puts("refused");
	return 0;
}
