/* The other end of a bare ping-pong: what any call to another process costs at the least.
 *
 * Reads requests of argv[1] bytes from the socket at fd 0 and answers each with argv[2] bytes. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
        static char buffer[4096];
        long request = argc > 1 ? atol(argv[1]) : 0;
        long reply = argc > 2 ? atol(argv[2]) : 0;

        if (request < 1 || request > (long) sizeof(buffer) || reply < 1 || reply > (long) sizeof(buffer))
                return EXIT_FAILURE;
        while (read(STDIN_FILENO, buffer, (size_t) request) == request)
                if (write(STDIN_FILENO, buffer, (size_t) reply) != reply)
                        return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
