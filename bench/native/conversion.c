/*
 * One conversion of a decoded picture, yuv420p to NV12, between two buffers, by swscale: what every way of exporting has to
 * pay. Arguments: width, height, rounds. Prints processor nanoseconds per conversion, and per memcpy of as many bytes.
 * Four pictures and eight targets take turns, as a decoder's pictures and a ring's slots do.
 */
#define _GNU_SOURCE
#include <libswscale/swscale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PICTURES = 4, SLOTS = 8 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    const int width = atoi(arguments[1]), height = atoi(arguments[2]), rounds = atoi(arguments[3]);
    const size_t luma = (size_t)width * height, size = luma * 3 / 2;
    uint8_t *pictures[PICTURES], *slots[SLOTS];
    for (int i = 0; i < PICTURES; i++) {
        pictures[i] = aligned_alloc(64, size);
        for (size_t at = 0; at < size; at++) pictures[i][at] = (uint8_t)(at * 7 + i);
    }
    for (int i = 0; i < SLOTS; i++) {
        slots[i] = aligned_alloc(64, size);
        memset(slots[i], 1, size);
    }
    struct SwsContext *scaler =
        sws_getContext(width, height, AV_PIX_FMT_YUV420P, width, height, AV_PIX_FMT_NV12, SWS_POINT, NULL, NULL, NULL);
    if (!scaler) return 3;
    const int from_strides[4] = {width, width / 2, width / 2, 0}, to_strides[4] = {width, width, 0, 0};
    double start = now();
    for (int round = 0; round < rounds; round++) {
        uint8_t *from = pictures[round % PICTURES], *to = slots[round % SLOTS];
        const uint8_t *const planes[4] = {from, from + luma, from + luma + luma / 4, NULL};
        uint8_t *const targets[4] = {to, to + luma, NULL, NULL};
        sws_scale(scaler, planes, from_strides, 0, height, targets, to_strides);
    }
    const double conversion = (now() - start) / rounds;
    start = now();
    for (int round = 0; round < rounds; round++) memcpy(slots[round % SLOTS], pictures[round % PICTURES], size);
    const double copy = (now() - start) / rounds;
    printf("{\"conversion\":%.0f,\"memcpy\":%.0f}\n", conversion, copy);
    return 0;
}
