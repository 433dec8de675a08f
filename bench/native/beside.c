/*
 * What one conversion of a decoded picture costs beside the decoder that made it: MPEG-TS from a file, decoded on one thread.
 * Blocks of frames take turns: not converted; converted into 8 slots in shared memory; into 8 buffers of this process; into
 * 3 of them; into one. Arguments: file, frames in a block, a file in shared memory. Prints for each way the nanoseconds of
 * processor that a frame of its blocks takes more than one of the blocks that are only decoded, as the median of pairs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 8, WAYS = 5, MOST = 4096 };
static const char *const names[WAYS] = {"none", "slots8", "buffers8", "buffers3", "buffer1"};
static const int targets[WAYS] = {0, SLOTS, SLOTS, 3, 1};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int count, char **arguments) {
    AVFormatContext *input = NULL;
    AVCodecContext *decoder = NULL;
    struct SwsContext *scaler = NULL;
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    uint8_t *slots = NULL, *buffers = NULL;
    static double took[WAYS][MOST], more[MOST];
    int blocks[WAYS] = {0}, frames = 0, way = 0;
    double start = 0;
    if (count != 4 || avformat_open_input(&input, arguments[1], NULL, NULL) < 0) return 2;
    const int block = atoi(arguments[2]);
    while (av_read_frame(input, packet) >= 0) {
        if (!decoder) {
            const AVCodec *codec = avcodec_find_decoder(input->streams[packet->stream_index]->codecpar->codec_id);
            decoder = avcodec_alloc_context3(codec);
            decoder->thread_count = 1;
            if (avcodec_open2(decoder, codec, NULL) < 0) return 3;
        }
        avcodec_send_packet(decoder, packet);
        while (avcodec_receive_frame(decoder, frame) >= 0) {
            const int width = frame->width, height = frame->height;
            const size_t luma = (size_t)width * height, size = luma * 3 / 2;
            if (!slots) {
                const int fd = open(arguments[3], O_RDWR | O_CREAT | O_TRUNC, 0600);
                if (fd < 0 || posix_fallocate(fd, 0, (off_t)size * SLOTS) != 0) return 4;
                slots = mmap(NULL, size * SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
                buffers = aligned_alloc(4096, size * SLOTS);
                if (slots == MAP_FAILED || !buffers) return 5;
                memset(buffers, 1, size * SLOTS);
                scaler = sws_getContext(width, height, frame->format, width, height, AV_PIX_FMT_NV12, SWS_POINT, NULL, NULL, NULL);
            }
            if (frames % block == 0) {
                const double end = now();
                /* The first round of every way meets memory that nobody touched before. */
                if (frames > block * WAYS && blocks[way] < MOST) took[way][blocks[way]++] = (end - start) / block;
                way = (way + 1) % WAYS;
                start = now();
            }
            if (targets[way] > 0) {
                uint8_t *to = (way == 1 ? slots : buffers) + size * (size_t)(frames % targets[way]);
                uint8_t *const planes[4] = {to, to + luma, NULL, NULL};
                const int strides[4] = {width, width, 0, 0};
                sws_scale(scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, height, planes, strides);
            }
            frames++;
        }
        av_packet_unref(packet);
    }
    printf("{");
    for (int at = 1; at < WAYS; at++) {
        const int pairs = blocks[at] < blocks[0] ? blocks[at] : blocks[0];
        if (pairs == 0) return 6;
        for (int pair = 0; pair < pairs; pair++) more[pair] = took[at][pair] - took[0][pair];
        qsort(more, (size_t)pairs, sizeof *more, by_size);
        printf("%s\"%s\":%.0f", at > 1 ? "," : "", names[at], more[pairs / 2]);
    }
    printf("}\n");
    unlink(arguments[3]);
    return 0;
}
