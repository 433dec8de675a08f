/*
 * How long after its decoding a frame can be read here: looks for the newest frame of a camera every 20 us, beside the time of one memcpy
 * of that frame. Arguments: VAS_SHM_DIR, camera, frames. Prints nanoseconds, p50 and p99 of both, and how many frames were
 * missed or torn while they were copied.
 */
#include "vas_frames.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int main(int count, char **arguments) {
    static vas_frames reader;
    vas_frame frame;
    if (count != 4) return 2;
    const size_t frames = strtoul(arguments[3], NULL, 10);
    uint64_t *delay = calloc(frames, sizeof *delay), *copy = calloc(frames, sizeof *copy);
    uint64_t last = 0, missed = 0, torn = 0;
    uint8_t *target = NULL;
    const struct timespec nap = {0, 20000};
    prctl(PR_SET_TIMERSLACK, 1);
    vas_frames_init(&reader, arguments[1], arguments[2]);
    while (vas_frames_newest(&reader, &frame) != VAS_FRAMES_OK) usleep(1000);
    last = frame.frame_id;
    for (size_t got = 0; got < frames;) {
        while (__atomic_load_n((const uint64_t *)(reader.meta + 8), __ATOMIC_ACQUIRE) == last) nanosleep(&nap, NULL);
        const uint64_t seen = now();
        if (vas_frames_newest(&reader, &frame) != VAS_FRAMES_OK) continue;
        delay[got] = seen - frame.timestamp_ns;
        /* Whoever looks a little late finds the frames between in the slots before the newest. */
        for (uint64_t id = last + 1; id < frame.frame_id; id++) {
            const uint64_t back = frame.frame_id - id;
            vas_frame between;
            if (back >= reader.slot_count ||
                vas_frames_slot(&reader, (uint32_t)((frame.slot + reader.slot_count - back) % reader.slot_count), &between) != VAS_FRAMES_OK ||
                between.frame_id != id)
                missed++;
        }
        last = frame.frame_id;
        const size_t size = (size_t)frame.stride * frame.height / 2 * 3;
        if (!target) {
            target = malloc(size);
            memset(target, 1, size);
        }
        const uint64_t start = now();
        memcpy(target, frame.y, size);
        copy[got++] = now() - start;
        torn += !vas_frames_still_valid(&reader, &frame);
    }
    qsort(delay, frames, sizeof *delay, by_size);
    qsort(copy, frames, sizeof *copy, by_size);
    printf("{\"delay50\":%" PRIu64 ",\"delay99\":%" PRIu64 ",\"copy50\":%" PRIu64 ",\"copy99\":%" PRIu64 ",\"missed\":%" PRIu64 ",\"torn\":%" PRIu64 "}\n",
           delay[frames / 2], delay[frames * 99 / 100], copy[frames / 2], copy[frames * 99 / 100], missed, torn);
    return 0;
}
