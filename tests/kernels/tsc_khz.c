/* SPDX-License-Identifier: MIT */
/*
 * Prints how many thousands of times a second this machine's TSC counts. An emulated processor
 * counts with it, and a guest that measures it itself is far off when the machine is busy: its
 * clock then runs several times too fast, and every time limit in it is too short.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
	double from = seconds();
	unsigned long long count = __rdtsc();
	nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
	printf("%.0f\n", (double)(__rdtsc() - count) / (seconds() - from) / 1000);
	return 0;
}
