// rule: making and joining threads leaves errno as it is
// one-thread: yes
#include "../check.h"

static void *nothing(void *arg)
{
	CHECK_EQ(errno, 0);
	errno = EIO;
	return arg;
}

int main(void)
{
	errno = 0;
	for (int i = 0; i < 3; i++) {
		pthread_t t;
		CHECK_OK(pthread_create(&t, NULL, nothing, NULL));
		CHECK_EQ(errno, 0);
		CHECK_OK(pthread_join(t, NULL));
		CHECK_EQ(errno, 0);
	}
	printf("errno as before\n");
	return 0;
}
