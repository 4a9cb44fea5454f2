/* The other end of a bare ping-pong: what any call to another process costs at the least.
 *
 * Reads requests of argv[1] bytes from the socket at fd 0 and answers each with argv[2] bytes. With argv[3] it waits
 * for them by epoll(7), as who has more than one fd to look at must. */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static bool wait_for_input(int epoll) {
        struct epoll_event event;

        return epoll < 0 || epoll_wait(epoll, &event, 1, -1) == 1;
}

int main(int argc, char **argv) {
        static char buffer[4096];
        long request = argc > 1 ? atol(argv[1]) : 0;
        long reply = argc > 2 ? atol(argv[2]) : 0;
        int epoll = argc > 3 ? epoll_create1(EPOLL_CLOEXEC) : -1;
        struct epoll_event event = { .events = EPOLLIN };

        if (request < 1 || request > (long) sizeof(buffer) || reply < 1 || reply > (long) sizeof(buffer))
                return EXIT_FAILURE;
        if (argc > 3 && epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0)
                return EXIT_FAILURE;
        while (wait_for_input(epoll) && read(STDIN_FILENO, buffer, (size_t) request) == request)
                if (write(STDIN_FILENO, buffer, (size_t) reply) != reply)
                        return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
