/* A fuzz target: a hostile peer and a whole driver, from its first message to its end.
 *
 * The input is a script of steps, each a byte that says what to do, two bytes of a size and that much data: bytes and
 * frames on the channels of the keeper or of a driver below it, with fds or without. Each input gets a keeper in a
 * process of its own, whose filter has refused all but harmless calls before it starts. No driver may die of a fault,
 * send what is no frame, or be there after its channel has closed. */
#include "coverage.h"
#include "driver.h"
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PEERS_MAX = 12, PREFIX = 4, STEP_MAX = 4096, KEEPER_MS = 30000, CHILD_MS = 20 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int driver_main(int argc, char **argv);
const char *__asan_default_options(void);

/* A fault is a signal, which a driver's parent sees. What a driver reports itself goes to its /dev/null, and to a
 * file where ASAN_OPTIONS=log_path=... says so. */
const char *__asan_default_options(void) {
        return "abort_on_error=1:detect_leaks=0:allocator_may_return_null=1:handle_segv=0:handle_abort=0";
}

/* Calls that may be made with any arguments, as root too: they concern the calling process alone. Not write: requests
 * that come in one piece with a fork could write into its channels, where we would take it for the driver's words. */
static const enum prx_call harmless[] = {
        PRX_CALL_version,      PRX_CALL_fork,        PRX_CALL_exit,       PRX_CALL_getpid,     PRX_CALL_getuid,
        PRX_CALL_getgid,       PRX_CALL_getcwd,      PRX_CALL_read,       PRX_CALL_close,
        PRX_CALL_environ,      PRX_CALL_setenv,      PRX_CALL_readdir,    PRX_CALL_setopt,     PRX_CALL_getopt,
        PRX_CALL_setcpid,      PRX_CALL_filter,      PRX_CALL_lseek,      PRX_CALL_select,     PRX_CALL_getenv,
        PRX_CALL_unsetenv,     PRX_CALL_clearenv,    PRX_CALL_iolist_to_bin, PRX_CALL_getresuid, PRX_CALL_getresgid,
        PRX_CALL_getgroups,    PRX_CALL_getpgrp,     PRX_CALL_getsid,     PRX_CALL_setsid,     PRX_CALL_gethostname,
        PRX_CALL_setproctitle, PRX_CALL_getrlimit,   PRX_CALL_getpriority, PRX_CALL_sigaction, PRX_CALL_waitpid,
        PRX_CALL_alloc,        PRX_CALL_pledge,      PRX_CALL_unveil,     PRX_CALL_cap_enter,  PRX_CALL_cap_getmode,
        PRX_CALL_cap_rights_limit, PRX_CALL_jail,
};

static struct peer peers[PEERS_MAX];
static int peers_count;
static int current;

static void allow_harmless(struct filter *filter) {
        memset(filter, 0xff, sizeof(*filter));
        for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
                filter->refused[harmless[i] / 64] &= ~(UINT64_C(1) << (harmless[i] % 64));
}

/* The fds of the fuzzer itself are not for a driver to close or to write to. */
static void be_keeper(int call) {
        char *argv[] = { strdup("prx-driver"), NULL };

        (void) dup2(call, 0);
        (void) syscall(SYS_close_range, 3, ~0u, 0);
        allow_harmless(&driver.filter);
        driver.forks_filter = driver.filter;
        driver.options[PRX_OPTION_maxchild] = PEERS_MAX;
        coverage_exit(driver_main(1, argv));
}

static void send_frame(int fd, const uint8_t *data, size_t size, const int *fds, size_t count) {
        uint8_t frame[PREFIX + STEP_MAX] = { 0, 0, (uint8_t) (size >> 8), (uint8_t) size };

        memcpy(frame + PREFIX, data, size);
        peer_send(fd, frame, PREFIX + size, fds, count);
}

/* The first message: the one that is right, unless the script begins with another one. */
static size_t greet(const uint8_t *data, size_t size, int event) {
        static const uint8_t hello[] = { 0x94, PRX_PROTOCOL_VERSION, 5, 0xcd, 4, 0, 0xcd, 4, 0 };
        int fds[PRX_HELLO_FDS] = { event, (int) syscall(SYS_pidfd_open, getpid(), 0) };
        bool own = size > 1 && data[0] == 'H' && data[1] < size - 1;
        size_t used = own ? 2 + (size_t) data[1] : 0;

        peer_forget_orders();
        if (own)
                peer_send(peers[0].call.fd, data + 2, data[1], fds, data[1] % (PRX_HELLO_FDS + 1));
        else
                send_frame(peers[0].call.fd, hello, sizeof(hello), fds, PRX_HELLO_FDS);
        (void) close(fds[1]);
        return used;
}

/* A request that brings channels, of which we hold the near ends. */
static void send_with_channels(const uint8_t *data, size_t size) {
        int fds[PRX_FORK_FDS] = { -1, -1, 0, 0, 0 };

        if (peers_count == PEERS_MAX)
                return;
        struct peer *child = &peers[peers_count++];
        peer_open(child, &fds[0], &fds[1]);
        send_frame(peers[current].call.fd, data, size, fds, PRX_FORK_FDS);
        (void) close(fds[0]);
        (void) close(fds[1]);
        current = peers_count - 1;
}

static void send_with_strays(const uint8_t *data, size_t size) {
        int fds[32] = { 0 };

        if (size)
                send_frame(peers[current].call.fd, data + 1, size - 1, fds, data[0] % 32);
}

static void perform(uint8_t what, const uint8_t *data, size_t size) {
        struct peer *peer = &peers[current];

        switch (what % 8) {
        case 0:
                send_frame(peer->call.fd, data, size, NULL, 0);
                break;
        case 1:
                peer_send(peer->call.fd, data, size, NULL, 0);
                break;
        case 2:
                peer_note_order(data, size, true);
                send_frame(peer->event.fd, data, size, NULL, 0);
                break;
        case 3:
                peer_note_order(data, size, false);
                peer_send(peer->event.fd, data, size, NULL, 0);
                break;
        case 4:
                send_with_channels(data, size);
                break;
        case 5:
                send_with_strays(data, size);
                break;
        case 6:
                current = what / 8 % peers_count;
                break;
        default:
                (void) shutdown(what & 8 ? peer->event.fd : peer->call.fd, what & 16 ? SHUT_RD : SHUT_WR);
        }
        peer_drain(&peers[current]);
}

static void play(const uint8_t *data, size_t size) {
        while (size >= 3) {
                size_t length = ((size_t) data[1] << 8 | data[2]) % STEP_MAX;
                length = length < size - 3 ? length : size - 3;
                perform(data[0], data + 3, length);
                data += 3 + length;
                size -= 3 + length;
        }
}

/* Children first: what was sent to them is done before their parent is told to end. */
static void finish(pid_t keeper) {
        int status;

        while (peers_count-- > 1) {
                (void) peer_end(&peers[peers_count], CHILD_MS);
                peer_close(&peers[peers_count]);
        }
        must(peer_end(&peers[0], KEEPER_MS), "a keeper is there after its channel has closed");
        peer_close(&peers[0]);
        must(waitpid(keeper, &status, 0) == keeper, "the keeper is not our child");
        must_be_no_fault(status);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
        (void) argc;
        (void) argv;
        coverage_init();
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        int call;
        int event;

        peer_open(&peers[0], &call, &event);
        peers_count = 1;
        current = 0;
        coverage_begin();
        pid_t keeper = fork();
        must(keeper >= 0, "no fork");
        if (keeper == 0)
                be_keeper(call);
        (void) close(call);
        size_t used = greet(data, size, event);
        (void) close(event);
        play(data + used, size - used);
        finish(keeper);
        coverage_end();
        return 0;
}
