#include "signals.h"

#include "children.h"
#include "event.h"

#include <errno.h>
#include <stddef.h>

enum { ARRIVED_MAX = 64 };

/* Filled by the handler, which runs in the loop's wait only (and in an exec's last moments, where several
 * may come at once; what is beyond the room is coalesced, as the kernel does with standard signals). */
static siginfo_t arrived[ARRIVED_MAX];
static volatile sig_atomic_t arrived_count;

static sigset_t none;
static sigset_t all_but_child;
static sigset_t all;
static sigset_t child_only;

static void on_signal(int signal, siginfo_t *info, void *context) {
        (void) signal;
        (void) context;
        if (arrived_count < ARRIVED_MAX)
                arrived[arrived_count++] = *info;
}

static void on_child(int signal, siginfo_t *info, void *context) {
        int saved = errno;

        (void) signal;
        (void) info;
        (void) context;
        children_reap();
        errno = saved;
}

/* The kernel raises these for a fault of the driver's own: it must not go on as if nothing had been. */
static bool is_fault(int signal) {
        return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGABRT ||
                signal == SIGSYS || signal == SIGTRAP;
}

void signals_init(void) {
        struct sigaction action = { .sa_flags = SA_SIGINFO | SA_RESTART };
        struct sigaction by_default = { .sa_handler = SIG_DFL };

        (void) sigfillset(&all);
        (void) sigfillset(&all_but_child);
        (void) sigdelset(&all_but_child, SIGCHLD);
        for (int signal = 1; signal <= SIGRTMAX; signal++)
                if (is_fault(signal))
                        (void) sigdelset(&all_but_child, signal);
        (void) sigemptyset(&none);
        (void) sigemptyset(&child_only);
        (void) sigaddset(&child_only, SIGCHLD);

        action.sa_mask = all;
        for (int signal = 1; signal <= SIGRTMAX; signal++) {
                action.sa_sigaction = signal == SIGCHLD ? on_child : on_signal;
                /* Fails for SIGKILL, SIGSTOP and the C library's own. */
                (void) sigaction(signal, is_fault(signal) ? &by_default : &action, NULL);
        }
        signals_reset();
}

void signals_reset(void) {
        arrived_count = 0;
        (void) sigprocmask(SIG_SETMASK, &all_but_child, NULL);
}

const sigset_t *signals_wait_mask(void) {
        return arrived_count < ARRIVED_MAX / 2 ? &none : &all_but_child;
}

void signals_flush(void) {
        int sent = 0;

        if (!arrived_count)
                return;
        signals_hold_children();
        while (sent < arrived_count && event_send_signal(&arrived[sent]) == 0)
                sent++;
        for (int i = sent; i < arrived_count; i++)
                arrived[i - sent] = arrived[i];
        arrived_count -= sent;
        signals_release_children();
}

void signals_report_child(const siginfo_t *info) {
        if (event_send_signal(info) == -EAGAIN && arrived_count < ARRIVED_MAX)
                arrived[arrived_count++] = *info;
}

void signals_hold_children(void) {
        (void) sigprocmask(SIG_BLOCK, &child_only, NULL);
}

void signals_release_children(void) {
        (void) sigprocmask(SIG_UNBLOCK, &child_only, NULL);
}
