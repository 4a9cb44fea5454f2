/* What the drivers have covered, brought back to the fuzzer whose forks they are.
 *
 * libFuzzer counts in the memory of one process; AFL++ shares its own with all forks and needs none of this. */
#pragma once

void coverage_init(void);
void coverage_begin(void);
void coverage_end(void);

/* Stands for _exit(2) in the driver. */
void coverage_exit(int status) __attribute__((noreturn));
