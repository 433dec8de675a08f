/*
 * An NVIDIA driver without a GPU, as far as FFmpeg's NVDEC needs one: built as libcuda.so.1 and as libnvcuvid.so.1. Device
 * memory is ordinary memory. It does not decode: it draws each picture from its picture order count, which is enough to
 * know in a slot which picture it is, that no row or column moved, and that a B-frame was put where it is displayed.
 *
 *   luma (row, column) = 5 * count + row + 2 * column, U = 3 * count + row, V = 7 * count + column, modulo 256
 *
 * DRAWN_NVDEC says what goes wrong: `no-device`, `refuses` (no decoder for any stream), and with a number of pictures after
 * the colon `fails:`, `crashes:` and `hangs:`, which happens instead of the next picture.
 *
 * Structures hold what is used of them, at the offsets of Video Codec SDK 11.1 on 64 bits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, INVALID = 1, NO_DEVICE = 100, UNKNOWN = 999, SURFACES = 64 };

static int goes_wrong(const char *how, int pictures) {
    const char *said = getenv("DRAWN_NVDEC");
    const size_t length = strlen(how);
    if (!said || strncmp(said, how, length) != 0) return 0;
    return said[length] == '\0' || (said[length] == ':' && pictures >= atoi(said + length + 1));
}

/* What is called and only has to succeed. */
#define SUCCEEDS(name) \
    int name(void) { return OK; }
SUCCEEDS(cuInit)
SUCCEEDS(cuCtxSetLimit)
SUCCEEDS(cuCtxPushCurrent_v2)
SUCCEEDS(cuCtxPopCurrent_v2)
SUCCEEDS(cuCtxDestroy_v2)
SUCCEEDS(cuDevicePrimaryCtxRelease)
SUCCEEDS(cuStreamSynchronize)
SUCCEEDS(cuvidUnmapVideoFrame64)

/* What FFmpeg looks up and never calls while it decodes. */
#define UNUSED(name) \
    int name(void) { return UNKNOWN; }
UNUSED(cuArray3DCreate_v2)
UNUSED(cuArray3DGetDescriptor_v2)
UNUSED(cuArrayCreate_v2)
UNUSED(cuArrayDestroy)
UNUSED(cuCtxGetCurrent)
UNUSED(cuCtxGetDevice)
UNUSED(cuCtxGetStreamPriorityRange)
UNUSED(cuCtxSynchronize)
UNUSED(cuDeviceComputeCapability)
UNUSED(cuDevicePrimaryCtxGetState)
UNUSED(cuDevicePrimaryCtxReset)
UNUSED(cuDevicePrimaryCtxRetain)
UNUSED(cuDevicePrimaryCtxSetFlags)
UNUSED(cuDriverGetVersion)
UNUSED(cuEventCreate)
UNUSED(cuEventDestroy_v2)
UNUSED(cuEventQuery)
UNUSED(cuEventRecord)
UNUSED(cuEventSynchronize)
UNUSED(cuGLGetDevices_v2)
UNUSED(cuGraphicsGLRegisterImage)
UNUSED(cuGraphicsMapResources)
UNUSED(cuGraphicsResourceGetMappedPointer_v2)
UNUSED(cuGraphicsSubResourceGetMappedArray)
UNUSED(cuGraphicsUnmapResources)
UNUSED(cuGraphicsUnregisterResource)
UNUSED(cuLaunchHostFunc)
UNUSED(cuLaunchKernel)
UNUSED(cuLinkAddData)
UNUSED(cuLinkComplete)
UNUSED(cuLinkCreate)
UNUSED(cuLinkDestroy)
UNUSED(cuMemAllocAsync)
UNUSED(cuMemAllocManaged)
UNUSED(cuMemFreeAsync)
UNUSED(cuMemFreeHost)
UNUSED(cuMemHostAlloc)
UNUSED(cuMemcpy)
UNUSED(cuMemcpyAsync)
UNUSED(cuMemcpyDtoDAsync_v2)
UNUSED(cuMemcpyDtoD_v2)
UNUSED(cuMemcpyDtoHAsync_v2)
UNUSED(cuMemcpyDtoH_v2)
UNUSED(cuMemcpyHtoDAsync_v2)
UNUSED(cuMemcpyHtoD_v2)
UNUSED(cuMemsetD16Async)
UNUSED(cuMemsetD2D16Async)
UNUSED(cuMemsetD2D32Async)
UNUSED(cuMemsetD2D8Async)
UNUSED(cuMemsetD32Async)
UNUSED(cuMemsetD8Async)
UNUSED(cuModuleGetFunction)
UNUSED(cuModuleGetGlobal)
UNUSED(cuModuleLoadData)
UNUSED(cuModuleUnload)
UNUSED(cuStreamAddCallback)
UNUSED(cuStreamCreate)
UNUSED(cuStreamCreateWithPriority)
UNUSED(cuStreamDestroy_v2)
UNUSED(cuStreamQuery)
UNUSED(cuStreamWaitEvent)
UNUSED(cuTexObjectCreate)
UNUSED(cuTexObjectDestroy)
UNUSED(cuvidCreateVideoParser)
UNUSED(cuvidCreateVideoSource)
UNUSED(cuvidCreateVideoSourceW)
UNUSED(cuvidCtxLock)
UNUSED(cuvidCtxLockCreate)
UNUSED(cuvidCtxLockDestroy)
UNUSED(cuvidCtxUnlock)
UNUSED(cuvidDestroyVideoParser)
UNUSED(cuvidDestroyVideoSource)
UNUSED(cuvidGetDecodeStatus)
UNUSED(cuvidGetSourceAudioFormat)
UNUSED(cuvidGetSourceVideoFormat)
UNUSED(cuvidGetVideoSourceState)
UNUSED(cuvidParseVideoData)
UNUSED(cuvidReconfigureDecoder)
UNUSED(cuvidSetVideoSourceState)

int cuGetErrorName(int error, const char **name) {
    *name = error == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR";
    return OK;
}

int cuGetErrorString(int error, const char **text) {
    return cuGetErrorName(error, text);
}

int cuDeviceGetCount(int *count) {
    *count = 1;
    return OK;
}

int cuDeviceGet(int *device, int index) {
    *device = index;
    return goes_wrong("no-device", 0) || index > 0 ? NO_DEVICE : OK;
}

int cuDeviceGetName(char *name, int length, int device) {
    (void)device;
    strncpy(name, "drawn", (size_t)length);
    return OK;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)attribute, (void)device;
    *value = 512; /* alignment of textures, the only one that is asked for */
    return OK;
}

int cuCtxCreate_v2(void **context, unsigned flags, int device) {
    static int any;
    (void)flags, (void)device;
    *context = &any;
    return OK;
}

int cuMemAlloc_v2(uint64_t *memory, size_t size) {
    *memory = (uint64_t)(uintptr_t)malloc(size);
    return OK;
}

int cuMemAllocPitch_v2(uint64_t *memory, size_t *pitch, size_t width, size_t height, unsigned element) {
    (void)element;
    *pitch = (width + 511) & ~(size_t)511;
    return cuMemAlloc_v2(memory, *pitch * height);
}

int cuMemFree_v2(uint64_t memory) {
    free((void *)(uintptr_t)memory);
    return OK;
}

typedef struct {
    size_t x, y;
    int kind; /* 1 host, 2 device */
    void *host;
    uint64_t device;
    void *array;
    size_t pitch;
} side;

typedef struct {
    side from, to;
    size_t width, height;
} copy2d;

static uint8_t *start_of(const side *memory) {
    uint8_t *base = memory->kind == 1 ? memory->host : (void *)(uintptr_t)memory->device;
    return base + memory->y * memory->pitch + memory->x;
}

int cuMemcpy2D_v2(const copy2d *copy) {
    for (size_t row = 0; row < copy->height; row++)
        memcpy(start_of(&copy->to) + row * copy->to.pitch, start_of(&copy->from) + row * copy->from.pitch, copy->width);
    return OK;
}

int cuMemcpy2DAsync_v2(const copy2d *copy, void *stream) {
    (void)stream;
    return cuMemcpy2D_v2(copy);
}

/* CUVIDDECODECAPS */
typedef struct {
    int codec, chroma;
    unsigned bit_depth_minus8, reserved[3];
    unsigned char supported, engines;
    unsigned short formats;
    unsigned max_width, max_height, max_macroblocks;
    unsigned short min_width, min_height;
} caps;

int cuvidGetDecoderCaps(caps *asked) {
    asked->supported = !goes_wrong("refuses", 0);
    asked->formats = 1; /* NV12 */
    asked->max_width = asked->max_height = 8192;
    asked->max_macroblocks = 1 << 20;
    asked->min_width = asked->min_height = 16;
    return OK;
}

typedef struct {
    size_t width, height, pitch;
    int pictures;
    int counts[SURFACES];
    uint8_t *surfaces[SURFACES];
} decoder;

/* CUVIDDECODECREATEINFO as far as it is read: unsigned longs, and two enumerations that share one. */
typedef struct {
    unsigned long width, height, surfaces;
    int codec, chroma;
    unsigned long flags, bit_depth_minus8, intra_only, max_width, max_height, reserved;
    short display[4];
    int format, deinterlace;
    unsigned long target_width, target_height;
} create_info;

int cuvidCreateDecoder(void **made, const create_info *info) {
    if (info->surfaces > SURFACES) return INVALID;
    decoder *drawn = calloc(1, sizeof *drawn);
    drawn->width = info->target_width;
    drawn->height = info->target_height;
    drawn->pitch = (drawn->width + 511) & ~(size_t)511;
    for (int at = 0; at < SURFACES; at++) drawn->surfaces[at] = malloc(drawn->pitch * drawn->height * 3 / 2);
    *made = drawn;
    return OK;
}

int cuvidDestroyDecoder(decoder *drawn) {
    for (int at = 0; at < SURFACES; at++) free(drawn->surfaces[at]);
    free(drawn);
    return OK;
}

/* CUVIDPICPARAMS, whose last member begins with CUVIDH264PICPARAMS. */
typedef struct {
    int width_mbs, height_mbs, surface, field, bottom, second;
    unsigned bytes;
    const unsigned char *bitstream;
    unsigned slices;
    const unsigned *offsets;
    int is_reference, is_intra;
    unsigned reserved[30];
    int h264[7];
    unsigned char depths[4];
    int more[16];
    int order_count[2];
} picture_info;

int cuvidDecodePicture(decoder *drawn, const picture_info *picture) {
    if (goes_wrong("fails", drawn->pictures)) return UNKNOWN;
    if (goes_wrong("crashes", drawn->pictures)) abort();
    if (goes_wrong("hangs", drawn->pictures)) pause();
    if (picture->surface < 0 || picture->surface >= SURFACES) return INVALID;
    drawn->pictures++;
    drawn->counts[picture->surface] = picture->order_count[0];
    return OK;
}

int cuvidMapVideoFrame64(decoder *drawn, int surface, uint64_t *memory, unsigned *pitch, void *how) {
    (void)how;
    uint8_t *luma = drawn->surfaces[surface], *chroma = luma + drawn->pitch * drawn->height;
    const int count = drawn->counts[surface];
    for (size_t row = 0; row < drawn->height; row++)
        for (size_t column = 0; column < drawn->width; column++)
            luma[row * drawn->pitch + column] = (uint8_t)(5 * count + (int)row + 2 * (int)column);
    for (size_t row = 0; row < drawn->height / 2; row++)
        for (size_t column = 0; column < drawn->width / 2; column++) {
            chroma[row * drawn->pitch + 2 * column] = (uint8_t)(3 * count + (int)row);
            chroma[row * drawn->pitch + 2 * column + 1] = (uint8_t)(7 * count + (int)column);
        }
    *memory = (uint64_t)(uintptr_t)luma;
    *pitch = (unsigned)drawn->pitch;
    return OK;
}
