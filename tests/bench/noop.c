/* The least a program can do: the driver's measure, without a C library to start. */
int main(void) {
        return 0;
}
