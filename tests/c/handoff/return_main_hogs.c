// rule: returning from main ends the process while threads compute
// exit: 5
#include "hog.h"

static void at_exit(void) { puts("at exit"); }

int main(void)
{
	hog_init();
	atexit(at_exit);
	for (int i = 0; i < 9; i++)
		start(hog, i);
	compute_ms(40);
	sleep_ms(20);
	compute_ms(40);
	return 5;
}
