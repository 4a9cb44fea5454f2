/* TAP unit tests of the wait for a message: who is awake, and when that ends. Time is the tests' own. */
#include "lookout.h"

#include <stdio.h>

static int tests_run;
static int tests_failed;

static void check(bool ok, const char *what) {
        tests_run++;
        tests_failed += !ok;
        printf("%s %d - %s\n", ok ? "ok" : "not ok", tests_run, what);
}

static int64_t now;
static int64_t step;    /* how long a yield takes */

static int64_t read_usec(void) {
        return now += step;
}

/* A wait asleep of so many microseconds. */
static bool awake_after(int64_t usec) {
        struct lookout l = { 0 };

        lookout_begin(&l, 1000);
        lookout_end(&l, 1000 + usec);
        return l.awake;
}

static void test_asleep(void) {
        check(!awake_after(1000000), "a long wait is followed by sleep");
        check(!awake_after(LOOKOUT_SOON_USEC), "so is one that just was not short");
        check(!awake_after(LOOKOUT_QUICK_USEC - 1), "who was woken at once sleeps: both share a processor");
        check(awake_after(LOOKOUT_SOON_USEC - 1) == lookout_has_processors(),
              "who waited mostly to be woken stays awake, if there is a second processor");
}

static int looks(struct lookout *l, int64_t usec_each) {
        int count = 1;

        now = 0;
        step = usec_each;
        lookout_begin(l, now);
        while (lookout_again(l, read_usec))
                count++;
        return count;
}

static void test_awake(void) {
        struct lookout l = { .awake = true };

        check(looks(&l, 1) == LOOKOUT_USEC, "a wait is awake for its time and no longer");
        check(!l.awake, "then it sleeps");
        lookout_end(&l, 1000000);
        check(!l.awake, "and so does the next one");

        l = (struct lookout) { .awake = true };
        lookout_begin(&l, 0);
        lookout_end(&l, 1);
        check(l.awake, "what was there at the first look keeps awake");

        l = (struct lookout) { .awake = true };
        now = 0;
        step = LOOKOUT_SHARED_USEC;
        lookout_begin(&l, 0);
        (void) lookout_again(&l, read_usec);
        lookout_end(&l, now);
        check(!l.awake, "what came while the processor was another's is slept for next time");

        l = (struct lookout) { .awake = true };
        now = 0;
        step = 1;
        lookout_begin(&l, 0);
        (void) lookout_again(&l, read_usec);
        (void) lookout_again(&l, read_usec);
        lookout_end(&l, now);
        check(l.awake, "what came from another processor keeps awake");
}

int main(void) {
        test_asleep();
        test_awake();
        printf("1..%d\n", tests_run);
        return tests_failed != 0;
}
