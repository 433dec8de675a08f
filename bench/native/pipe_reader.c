/* Reads standard input into one buffer and does nothing with it: the least that a receiver of raw video has to do. */
#include <stdint.h>
#include <unistd.h>

int main(void) {
    static uint8_t buffer[1 << 20];
    ssize_t got;
    while ((got = read(0, buffer, sizeof buffer)) > 0) {
    }
    return got < 0;
}
