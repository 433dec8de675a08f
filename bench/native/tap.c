/*
 * The least native tap: MPEG-TS from a file, decoded on one thread and, with a second argument, converted to NV12 into
 * eight slots of that file in shared memory. No sequence, no report, no supervision: what is left to gain at most.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **arguments) {
    AVFormatContext *input = NULL;
    AVCodecContext *decoder = NULL;
    struct SwsContext *scaler = NULL;
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    uint8_t *slots = NULL;
    size_t size = 0;
    int frames = 0;
    if (count < 2 || avformat_open_input(&input, arguments[1], NULL, NULL) < 0) return 2;
    while (av_read_frame(input, packet) >= 0) {
        if (!decoder) {
            AVStream *stream = input->streams[packet->stream_index];
            const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
            decoder = avcodec_alloc_context3(codec);
            decoder->thread_count = 1;
            if (avcodec_open2(decoder, codec, NULL) < 0) return 3;
        }
        avcodec_send_packet(decoder, packet);
        while (avcodec_receive_frame(decoder, frame) >= 0) {
            if (count > 2) {
                const int width = frame->width, height = frame->height;
                if (!slots) {
                    const int fd = open(arguments[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
                    size = (size_t)width * height * 3 / 2;
                    if (fd < 0 || posix_fallocate(fd, 0, (off_t)size * 8) != 0) return 4;
                    slots = mmap(NULL, size * 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                    if (slots == MAP_FAILED) return 5;
                    scaler = sws_getContext(width, height, frame->format, width, height, AV_PIX_FMT_NV12, SWS_POINT, NULL, NULL, NULL);
                }
                uint8_t *slot = slots + size * (size_t)(frames % 8);
                uint8_t *const targets[4] = {slot, slot + (size_t)width * height, NULL, NULL};
                const int strides[4] = {width, width, 0, 0};
                sws_scale(scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, height, targets, strides);
            }
            frames++;
        }
        av_packet_unref(packet);
    }
    return frames == 0;
}
