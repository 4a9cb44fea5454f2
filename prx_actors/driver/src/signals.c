#include "signals.h"

#include "children.h"
#include "event.h"
#include "state.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ARRIVED_MAX = 64 };

/* Filled by the handler, which runs in the loop's wait only (and in an exec's last moments, where several
 * may come at once; what is beyond the room is coalesced, as the kernel does with standard signals). */
static siginfo_t arrived[ARRIVED_MAX];
static volatile sig_atomic_t arrived_count;

/* Of SIGCHLD, which the handler sends at once: the one for which there was no room. */
static siginfo_t child_news;
static volatile sig_atomic_t child_news_waits;

enum disposition { SIG_DISPOSITION_DFL, SIG_DISPOSITION_IGN, SIG_DISPOSITION_INFO };

static const char *const names[] = { "sig_dfl", "sig_ign", "sig_info" };

static enum disposition of_child;

static sigset_t none;
static sigset_t held;   /* what the handler below takes: it waits for the loop */
static sigset_t all;
static sigset_t child_only;
static volatile int holds;      /* of SIGCHLD, which is let in again with the last of them */

static void on_signal(int signal, siginfo_t *info, void *context) {
        (void) signal;
        (void) context;
        if (arrived_count < ARRIVED_MAX)
                arrived[arrived_count++] = *info;
}

static void on_child(int signal, siginfo_t *info, void *context) {
        int saved = errno;

        (void) signal;
        (void) context;
        /* What waits already stands for this one too, as with standard signals in the kernel. */
        if (of_child == SIG_DISPOSITION_INFO && !child_news_waits && event_send_signal(info) < 0) {
                child_news = *info;
                child_news_waits = 1;
        }
        /* The runtime's order to reap a child is sent before its end. A call may be in our way to the loop. */
        if (signals_child_is_taken()) {
                holds++;        /* the kernel holds SIGCHLD in here: nobody is to let it in */
                (void) event_receive_orders();
                holds--;
        }
        children_reap();
        errno = saved;
}

/* The kernel raises these for a fault of the driver's own: it must not go on as if nothing had been. */
static bool is_fault(int signal) {
        return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGABRT ||
                signal == SIGSYS || signal == SIGTRAP;
}

static int install(int signal, void (*handler)(int, siginfo_t *, void *)) {
        struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART, .sa_mask = all };

        return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

static int install_plain(int signal, void (*handler)(int)) {
        struct sigaction action = { .sa_handler = handler };

        return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

static int disposition_named(const char *name) {
        for (int i = 0; i <= SIG_DISPOSITION_INFO; i++)
                if (strcmp(names[i], name) == 0)
                        return i;
        return -EINVAL;
}

static int disposition_of(int signal) {
        struct sigaction action;

        if (signal == SIGCHLD)
                return of_child;
        if (sigaction(signal, NULL, &action) < 0)
                return -errno;
        return action.sa_handler == SIG_DFL ? SIG_DISPOSITION_DFL
                : action.sa_handler == SIG_IGN ? SIG_DISPOSITION_IGN
                : SIG_DISPOSITION_INFO;
}

static int set_child(enum disposition wanted) {
        of_child = wanted;
        children_reap_held();
        return 0;
}

static int prepare(int signal, enum disposition wanted) {
        int result = wanted == SIG_DISPOSITION_INFO ? install(signal, on_signal)
                : install_plain(signal, wanted == SIG_DISPOSITION_IGN ? SIG_IGN : SIG_DFL);
        if (result)
                return result;
        if (wanted == SIG_DISPOSITION_INFO)
                (void) sigaddset(&held, signal);
        else
                (void) sigdelset(&held, signal);
        return 0;
}

/* Caught signals wait for the loop; what is to act by itself has to be let in while a call blocks, too. */
static int set(int signal, enum disposition wanted) {
        if (signal == SIGCHLD)
                return set_child(wanted);
        int result = prepare(signal, wanted);
        if (!result)
                (void) sigprocmask(SIG_SETMASK, &held, NULL);
        return result;
}

int signals_action(int signal, const char *name, const char **ret_before) {
        int before = disposition_of(signal);
        int wanted = *name ? disposition_named(name) : before;

        if (before < 0 || wanted < 0)
                return before < 0 ? before : wanted;
        *ret_before = names[before];
        return *name ? set(signal, (enum disposition) wanted) : 0;
}

bool signals_child_is_taken(void) {
        return of_child == SIG_DISPOSITION_INFO;
}

bool signals_child_is_ignored(void) {
        return of_child == SIG_DISPOSITION_IGN;
}

void signals_before_exec(void) {
        if (signals_child_is_ignored())
                (void) install_plain(SIGCHLD, SIG_IGN);
}

void signals_after_exec(void) {
        (void) install(SIGCHLD, on_child);
        children_reap_held();
}

/* The mask is of the image before, if there was one, and stays until every handler is in its place: what waits in
 * the kernel would act by its default. */
static void install_all(const uint8_t dispositions[NSIG]) {
        (void) sigfillset(&all);
        (void) sigemptyset(&held);
        (void) sigemptyset(&none);
        (void) sigemptyset(&child_only);
        (void) sigaddset(&child_only, SIGCHLD);
        for (int signal = 1; signal <= SIGRTMAX; signal++)
                /* Fails for SIGKILL, SIGSTOP and the C library's own. */
                if (signal != SIGCHLD && dispositions[signal] <= SIG_DISPOSITION_INFO)
                        (void) prepare(signal, (enum disposition) dispositions[signal]);
        (void) install(SIGCHLD, on_child);
}

/* Those of the C library's own, which sigaction(2) is refused for there: what posix_spawn(3) starts ignores them, and
 * so would every program. */
static void reset_reserved(void) {
        const unsigned long defaults[8] = { 0 };        /* the kernel's struct sigaction, and room */

        for (int signal = __SIGRTMIN; signal < SIGRTMIN; signal++)
                (void) syscall(SYS_rt_sigaction, signal, defaults, NULL, (size_t) _NSIG / 8);
}

void signals_init(void) {
        uint8_t dispositions[NSIG];

        reset_reserved();
        for (int signal = 0; signal < NSIG; signal++)
                dispositions[signal] = is_fault(signal) ? SIG_DISPOSITION_DFL : SIG_DISPOSITION_INFO;
        install_all(dispositions);
        signals_reset();
}

void signals_reset(void) {
        arrived_count = 0;
        child_news_waits = 0;
        holds = 0;
        (void) sigprocmask(SIG_SETMASK, &held, NULL);
}

const sigset_t *signals_wait_mask(void) {
        return arrived_count < ARRIVED_MAX / 2 ? &none : &held;
}

const sigset_t *signals_held(void) {
        return &held;
}

static void flush_child_news(void) {
        if (!child_news_waits)
                return;
        signals_hold_children();
        if (event_send_signal(&child_news) == 0)
                child_news_waits = 0;
        signals_release_children();
}

void signals_flush(void) {
        int sent = 0;

        flush_child_news();
        while (sent < arrived_count && event_send_signal(&arrived[sent]) == 0)
                sent++;
        for (int i = sent; i < arrived_count; i++)
                arrived[i - sent] = arrived[i];
        arrived_count -= sent;
}

/* They nest: an order obeyed in the midst of a wait must not let the handler in under the wait's hands. */
void signals_hold_children(void) {
        (void) sigprocmask(SIG_BLOCK, &child_only, NULL);
        holds++;
}

void signals_release_children(void) {
        if (--holds == 0)
                (void) sigprocmask(SIG_UNBLOCK, &child_only, NULL);
}

/* What an exec makes of a handler, the default, is not what it was. */
struct kept {
        uint8_t dispositions[NSIG];
        int arrived_count;
        siginfo_t arrived[ARRIVED_MAX];
        bool child_news_waits;
        siginfo_t child_news;
};

static struct kept kept;

void signals_save(void) {
        for (int signal = 1; signal <= SIGRTMAX; signal++) {
                int disposition = disposition_of(signal);
                kept.dispositions[signal] = disposition < 0 ? SIG_DISPOSITION_DFL : (uint8_t) disposition;
        }
        kept.arrived_count = arrived_count;
        memcpy(kept.arrived, arrived, sizeof(arrived));
        kept.child_news_waits = child_news_waits;
        kept.child_news = child_news;
        state_put(&kept, sizeof(kept));
}

void signals_take(void) {
        state_take(&kept, sizeof(kept));
}

void signals_resume(void) {
        /* Before the handler of SIGCHLD is let in. */
        of_child = kept.dispositions[SIGCHLD] <= SIG_DISPOSITION_INFO ? kept.dispositions[SIGCHLD] : SIG_DISPOSITION_DFL;
        if (kept.arrived_count >= 0 && kept.arrived_count <= ARRIVED_MAX)
                arrived_count = kept.arrived_count;
        memcpy(arrived, kept.arrived, sizeof(arrived));
        child_news = kept.child_news;
        child_news_waits = kept.child_news_waits;
        install_all(kept.dispositions);
        (void) sigprocmask(SIG_SETMASK, &held, NULL);
        children_reap_held();
}
