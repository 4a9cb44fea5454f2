#include "search.h"

#include "driver.h"
#include "event.h"
#include "procfs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
        REST_USEC = 5000,       /* between two looks, ... */
        SHARE = 4,              /* ... or so many times what one has taken */
        REST_MAX_USEC = 100000,
        GIVE_UP_USEC = 400000,  /* after the deadline */
        REAPED_USEC = 300000,   /* in which a driver reaps its zombies, unless it stands still or is not to */
        ASKED_MAX = 256,
        SEARCHES_MAX = 1 << 16,
};

struct search {
        int64_t id;
        int signal;
        int64_t deadline;
        int64_t reaped;         /* until then zombies are waited for; later with each look that finds a living one */
        int found;              /* by the look under way */
        pid_t pids[PRX_PIDS_MAX];
};

static struct search *searches;
static int used;
static int size;
static int64_t next_look;
static int64_t look_time;
static uint64_t run_start;
static struct search *everything;       /* one for all marks, while that is looked for */
static bool everything_asked;

/* Who has got its signal. The oldest are forgotten: they may get it again, which is better than to get none. */
static struct { pid_t pid; uint64_t start; } asked[ASKED_MAX];
static int asked_next;

void search_init(void) {
        pid_t runtime = procfs_pid(FD_PARENT);

        run_start = runtime ? procfs_start(runtime) : 0;
}

static bool ask_first_time(pid_t pid, uint64_t start) {
        for (int i = 0; i < ASKED_MAX; i++)
                if (asked[i].pid == pid && asked[i].start == start)
                        return false;
        asked[asked_next].pid = pid;
        asked[asked_next].start = start;
        asked_next = (asked_next + 1) % ASKED_MAX;
        return true;
}

static struct search *search_of(pid_t pid) {
        int64_t mark = mark_of(pid);

        if (mark >= 0 && everything)
                return everything;
        for (int i = 0; mark >= 0 && i < used; i++)
                if (mark_number(searches[i].id) == mark)
                        return &searches[i];
        return NULL;
}

/* Not a zombie, whose mark stays until it is reaped. */
static bool is_alive(int pidfd) {
        struct pollfd process = { .fd = pidfd, .events = POLLIN };

        return poll(&process, 1, 0) == 0;
}

/* A zombie of one of ours is reaped soon; that of a stranger in its own time, which may never come. */
static bool is_reaped_soon(const struct search *search, pid_t pid) {
        pid_t parent = look_time < search->reaped ? procfs_parent(pid) : 0;

        return parent && (parent == getpid() || mark_of(parent) >= 0);
}

static int signal_for(const struct search *search, pid_t pid, uint64_t start) {
        if (search->deadline <= look_time)
                return SIGKILL;
        return search->signal && ask_first_time(pid, start) ? search->signal : 0;
}

/* The pid may have changed hands until the pidfd was open, and with it the mark; from then on it does not. */
static void end_held(pid_t pid, int pidfd) {
        struct search *search = search_of(pid);
        uint64_t start = search ? procfs_start(pid) : 0;

        if (!search || start < run_start)
                return;
        bool alive = is_alive(pidfd);
        if (alive)
                search->reaped = look_time + REAPED_USEC;
        else if (!is_reaped_soon(search, pid))
                return;
        if (search->found < PRX_PIDS_MAX)
                search->pids[search->found++] = pid;
        int signal = alive ? signal_for(search, pid, start) : 0;
        if (signal)
                (void) syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static void end_marked(pid_t pid) {
        if (!search_of(pid))
                return;
        int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0) {
                procfs_blind |= errno == EMFILE || errno == ENFILE;
                return;
        }
        end_held(pid, pidfd);
        (void) close(pidfd);
}

static void look(int64_t now) {
        look_time = now;
        procfs_blind = false;
        if (driver.run_id)
                (void) procfs_all(end_marked);
}

static int grow(void) {
        int grown_size = size ? size * 2 : 16;
        struct search *grown = realloc(searches, (size_t) grown_size * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        searches = grown;
        size = grown_size;
        return 0;
}

static struct search *slot_for(int64_t id) {
        for (int i = 0; i < used; i++)
                if (searches[i].id == id)
                        return &searches[i];
        return used == SEARCHES_MAX || (used == size && grow() < 0) ? NULL : &searches[used++];
}

void search_begin(int64_t id, int signal, int64_t deadline) {
        struct search *search = id == PRX_SEARCH_EVERYTHING ? NULL : slot_for(id);

        if (id == PRX_SEARCH_EVERYTHING)
                everything_asked = true;
        else if (!search)
                (void) event_send_searched(id, NULL, 0);
        else
                *search = (struct search) { .id = id, .signal = signal, .deadline = deadline,
                                            .reaped = now_usec() + REAPED_USEC };
}

void search_forget(void) {
        free(searches);
        searches = NULL;
        used = size = 0;
}

static bool is_over(const struct search *search) {
        if ((search->found || procfs_blind) && look_time < search->deadline + GIVE_UP_USEC)
                return false;
        return event_send_searched(search->id, search->pids, search->found) != -EAGAIN;
}

static int64_t rest(int64_t now) {
        int64_t usec = (now - look_time) * SHARE;
        int64_t next = now + (usec < REST_USEC ? REST_USEC : usec > REST_MAX_USEC ? REST_MAX_USEC : usec);

        for (int i = 0; i < used; i++)
                if (searches[i].deadline > now && searches[i].deadline < next)
                        next = searches[i].deadline;
        return next;
}

int64_t search_step(int64_t now) {
        if (!used || driver.ending)
                return -1;
        if (now < next_look)
                return next_look;
        for (int i = 0; i < used; i++)
                searches[i].found = 0;
        look(now);
        for (int i = used - 1; i >= 0; i--)
                if (is_over(&searches[i]))
                        searches[i] = searches[--used];
        next_look = rest(now_usec());
        return used ? next_look : -1;
}

bool search_is_asked(void) {
        return used || everything_asked;
}

bool search_everything(int signal, int64_t deadline) {
        struct search all = { .signal = signal, .deadline = deadline };

        everything = &all;
        look(now_usec());
        everything = NULL;
        return !all.found && !procfs_blind;
}
