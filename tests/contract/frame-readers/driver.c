/* The line protocol of driver.ts over vas_frames.h. Argument: VAS_SHM_DIR. */
#include "vas_frames.h"

#include <stdlib.h>
#include <time.h>

static vas_frames reader;
static vas_frame held;
static int holds;

static uint32_t sum_of(const vas_frame *frame) {
    uint32_t sum = 0;
    for (uint32_t row = 0; row < frame->height; row++)
        for (uint32_t column = 0; column < frame->width; column++) sum = sum * 31 + frame->y[(size_t)row * frame->stride + column];
    for (uint32_t row = 0; row < frame->height / 2; row++)
        for (uint32_t column = 0; column < frame->width; column++) sum = sum * 31 + frame->uv[(size_t)row * frame->stride + column];
    return sum;
}

static void use(const char *shm_dir, const char *camera) {
    static char before[512];
    if (strcmp(before, camera) == 0) return;
    vas_frames_close(&reader);
    vas_frames_init(&reader, shm_dir, camera);
    snprintf(before, sizeof before, "%s", camera);
}

static void answer(int code) {
    static const char *const names[] = {"ok", "outside", "gone", "invalid", "torn"};
    holds = code == VAS_FRAMES_OK;
    if (holds)
        printf("{\"ok\":true,\"width\":%" PRIu32 ",\"height\":%" PRIu32 ",\"stride\":%" PRIu32 ",\"slot\":%" PRIu32 ",\"generation\":%" PRIu64
               ",\"sequence\":%" PRIu64 ",\"frame_id\":%" PRIu64 ",\"timestamp_ns\":\"%" PRIu64 "\",\"pts90k\":%" PRId64 ",\"wall_ms\":%" PRId64
               ",\"full_range\":%s,\"sum\":%" PRIu32 "}\n",
               held.width, held.height, held.stride, held.slot, held.generation, held.sequence, held.frame_id, held.timestamp_ns,
               held.pts90k, held.wall_ms, held.full_range ? "true" : "false", sum_of(&held));
    else
        printf("{\"code\":\"%s\",\"text\":\"%s\"}\n", names[code], reader.problem);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void stress(void) {
    uint64_t accepted = 0, wrong = 0, mixed = 0, torn = 0, gone = 0;
    uint8_t *noise = NULL;
    double said = 0;
    for (;;) {
        if (now() - said > 0.25) {
            said = now();
            printf("{\"accepted\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"mixed\":%" PRIu64 ",\"torn\":%" PRIu64 ",\"gone\":%" PRIu64 "}\n",
                   accepted, wrong, mixed, torn, gone);
            fflush(stdout);
        }
        int code = vas_frames_newest(&reader, &held);
        if (code != VAS_FRAMES_OK) {
            code == VAS_FRAMES_TORN ? torn++ : gone++;
            continue;
        }
        size_t size = (size_t)held.stride * held.height / 2 * 3;
        if (!noise) {
            uint32_t state = 1;
            noise = malloc(size + 65521);
            for (size_t at = 0; at < size + 65521; at++) {
                state = state * 1664525 + 1013904223;
                noise[at] = (uint8_t)(state >> 24);
            }
        }
        int same = memcmp(held.y, noise + held.frame_id * 37 % 65521, size) == 0;
        int valid = vas_frames_still_valid(&reader, &held);
        if (valid) same ? accepted++ : wrong++;
        else same ? torn++ : mixed++;
    }
}

int main(int count, char **arguments) {
    char line[1024], camera[512];
    unsigned slot;
    if (count != 2) return 2;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "newest %511s", camera) == 1) {
            use(arguments[1], camera);
            answer(vas_frames_newest(&reader, &held));
        } else if (sscanf(line, "slot %511s %u", camera, &slot) == 2) {
            use(arguments[1], camera);
            answer(vas_frames_slot(&reader, slot, &held));
        } else if (strncmp(line, "sum", 3) == 0) {
            printf("{\"sum\":%" PRIu32 "}\n", holds ? sum_of(&held) : 0);
        } else if (strncmp(line, "valid", 5) == 0) {
            printf("{\"valid\":%s}\n", holds && vas_frames_still_valid(&reader, &held) ? "true" : "false");
        } else if (strncmp(line, "release", 7) == 0) {
            holds = 0;
            printf("{}\n");
        } else if (sscanf(line, "stress %511s", camera) == 1) {
            use(arguments[1], camera);
            stress();
        } else {
            return 3;
        }
        fflush(stdout);
    }
    vas_frames_close(&reader);
    return 0;
}
