/*
 * Reads the frames that VAS exports (wire W1, docs/ref/frame-export.md): zero-copy, read-only, no lock, no waiting.
 *
 *     vas_frames reader;
 *     vas_frame frame;
 *     vas_frames_init(&reader, "/dev/shm/vas", camera_id);
 *     if (vas_frames_newest(&reader, &frame) == VAS_FRAMES_OK) {
 *         use(frame.y, frame.uv, frame.width, frame.height, frame.stride);
 *         if (vas_frames_still_valid(&reader, &frame)) keep_the_answer();
 *     } else {
 *         fprintf(stderr, "%s\n", reader.problem);
 *     }
 *     vas_frames_close(&reader);
 *
 * One reader is one camera's, used by one thread at a time. A frame's pixels may be touched until the next call of
 * vas_frames_newest, vas_frames_slot or vas_frames_close of its reader. The writer never waits: pixels that were used count
 * only where vas_frames_still_valid says so afterwards.
 *
 * C11 or C++11 with the atomic built-ins of GCC or Clang; Linux; 64 bits; little endian.
 */
#ifndef VAS_FRAMES_H
#define VAS_FRAMES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || UINTPTR_MAX != UINT64_MAX
#error "vas_frames.h is written for 64 bits, little endian"
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum {
    VAS_FRAMES_OK = 0,
    /* The name or a symbolic link leads out of the export folder. */
    VAS_FRAMES_OUTSIDE = 1,
    /* There is no frame: no export, none written yet, or the files are just being replaced. Ask again later. */
    VAS_FRAMES_GONE = 2,
    /* The files are not what the wire says; nothing of them was used. */
    VAS_FRAMES_INVALID = 3,
    /* The slot was written meanwhile. Ordinary: skip this frame. */
    VAS_FRAMES_TORN = 4
};

enum { VAS_FRAMES_VERSION = 2, VAS_FRAMES_MAX_SLOTS = 256, VAS_FRAMES_MAX_DIMENSION = 16384 };

typedef struct {
    const uint8_t *y;  /* height rows of stride bytes */
    const uint8_t *uv; /* height / 2 rows of stride bytes, U and V in turns */
    uint32_t width, height, stride;
    uint32_t slot;
    uint64_t generation;
    uint64_t sequence;
    uint64_t frame_id;
    uint64_t timestamp_ns; /* monotonic */
    int64_t pts90k;        /* presentation time, 90 kHz; the same that RTP and recordings carry */
    int64_t wall_ms;       /* Unix time */
    int full_range;        /* 1: samples use all levels from 0 to 255; 0: luma 16 to 235, chroma 16 to 240 */
    uint64_t mapping;      /* which of the reader's mappings it lies in */
} vas_frame;

typedef struct {
    dev_t dev;
    ino_t ino;
    off_t size;
} vas_frames_identity;

typedef struct {
    char shm_dir[PATH_MAX];
    char camera_id[NAME_MAX + 1];
    const uint8_t *meta, *data;
    size_t meta_bytes, data_bytes;
    vas_frames_identity folder, meta_file, data_file;
    uint32_t width, height, stride, slot_count;
    uint64_t data_size, generation;
    uint64_t mapping;
    char problem[160]; /* why the last call did not answer VAS_FRAMES_OK; observed values, no path */
} vas_frames;

static inline uint32_t vas_frames_u32(const uint8_t *at) { return __atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED); }
static inline uint64_t vas_frames_u64(const uint8_t *at) { return __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED); }

#define VAS_FRAMES_PROBLEM(reader, code, ...) (snprintf((reader)->problem, sizeof (reader)->problem, __VA_ARGS__), (code))

/* Touches no file. A name that cannot be a camera's is refused by the calls that follow. */
static inline void vas_frames_init(vas_frames *reader, const char *shm_dir, const char *camera_id) {
    memset(reader, 0, sizeof *reader);
    if (strlen(shm_dir) < sizeof reader->shm_dir) strcpy(reader->shm_dir, shm_dir);
    if (strlen(camera_id) < sizeof reader->camera_id) strcpy(reader->camera_id, camera_id);
}

/* Unmaps. The reader may be used again; it then opens the files anew. */
static inline void vas_frames_close(vas_frames *reader) {
    if (reader->meta) munmap((void *)reader->meta, reader->meta_bytes);
    if (reader->data) munmap((void *)reader->data, reader->data_bytes);
    reader->meta = reader->data = NULL;
    reader->mapping++;
}

static inline int vas_frames_is(const vas_frames_identity *known, const struct stat *found) {
    return known->dev == found->st_dev && known->ino == found->st_ino && known->size == found->st_size;
}

/* True while the camera's names still mean the mapped files, at the length that was mapped. */
static inline int vas_frames_is_current(const vas_frames *reader) {
    char path[PATH_MAX + NAME_MAX + 16];
    struct stat found;
    if (!reader->meta) return 0;
    snprintf(path, sizeof path, "%s/%s", reader->shm_dir, reader->camera_id);
    if (lstat(path, &found) != 0 || !S_ISDIR(found.st_mode)) return 0;
    if (found.st_dev != reader->folder.dev || found.st_ino != reader->folder.ino) return 0;
    snprintf(path, sizeof path, "%s/%s/frame.meta", reader->shm_dir, reader->camera_id);
    if (lstat(path, &found) != 0 || !vas_frames_is(&reader->meta_file, &found)) return 0;
    snprintf(path, sizeof path, "%s/%s/frame.data", reader->shm_dir, reader->camera_id);
    return lstat(path, &found) == 0 && vas_frames_is(&reader->data_file, &found);
}

/* Opens one of the two files and says how long it is. */
static inline int vas_frames_open_file(vas_frames *reader, int folder, const char *name, vas_frames_identity *identity, int *fd) {
    struct stat found;
    /* O_NONBLOCK: a FIFO in the file's place must not block the open. */
    *fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0) {
        if (errno == ENOENT) return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_GONE, "%s is not there", name);
        if (errno == ELOOP) return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_OUTSIDE, "%s is a symbolic link", name);
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "%s cannot be opened [errno:%d]", name, errno);
    }
    if (fstat(*fd, &found) != 0 || !S_ISREG(found.st_mode))
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "%s: not a regular file", name);
    if (found.st_size <= 0)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "%s: impossible file size [bytes:%" PRIdMAX "]", name, (intmax_t)found.st_size);
    identity->dev = found.st_dev;
    identity->ino = found.st_ino;
    identity->size = found.st_size;
    return VAS_FRAMES_OK;
}

/* Checks a header before anything in it is trusted. */
static inline int vas_frames_check(vas_frames *reader, uint64_t data_file_size) {
    const uint8_t *meta = reader->meta;
    const uint64_t safe = (UINT64_C(1) << 53) - 1;
    uint32_t version, header_size, pixel_format;
    uint64_t needed;
    if (reader->meta_bytes < 64)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "frame.meta is too short [bytes:%zu]", reader->meta_bytes);
    version = vas_frames_u32(meta);
    if (version != VAS_FRAMES_VERSION)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "unsupported version [expected:%d, found:%" PRIu32 "]", VAS_FRAMES_VERSION, version);
    header_size = vas_frames_u32(meta + 4);
    if (header_size != 64)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "unsupported header_size [expected:64, found:%" PRIu32 "]", header_size);
    pixel_format = vas_frames_u32(meta + 32);
    if (pixel_format != 0)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "unsupported pixel_format [expected:0, found:%" PRIu32 "]", pixel_format);
    reader->width = vas_frames_u32(meta + 24);
    reader->height = vas_frames_u32(meta + 28);
    if (reader->width == 0 || reader->width > VAS_FRAMES_MAX_DIMENSION || reader->width % 2 || reader->height == 0 ||
        reader->height > VAS_FRAMES_MAX_DIMENSION || reader->height % 2)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "impossible size [width:%" PRIu32 ", height:%" PRIu32 "]", reader->width, reader->height);
    reader->stride = vas_frames_u32(meta + 36);
    if (reader->stride < reader->width || reader->stride > VAS_FRAMES_MAX_DIMENSION * 2)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "impossible stride [width:%" PRIu32 ", stride:%" PRIu32 "]", reader->width, reader->stride);
    reader->data_size = vas_frames_u64(meta + 40);
    needed = (uint64_t)reader->stride * reader->height / 2 * 3;
    if (reader->data_size < needed || reader->data_size > safe)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "data_size is too small [needed:%" PRIu64 ", found:%" PRIu64 "]", needed, reader->data_size);
    reader->slot_count = vas_frames_u32(meta + 48);
    if (reader->slot_count < 1 || reader->slot_count > VAS_FRAMES_MAX_SLOTS)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "impossible slot_count [found:%" PRIu32 "]", reader->slot_count);
    needed = 64 + 64 * (uint64_t)reader->slot_count;
    if (reader->meta_bytes < needed)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "frame.meta is too short [needed:%" PRIu64 ", found:%zu]", needed, reader->meta_bytes);
    needed = reader->data_size * reader->slot_count;
    if (data_file_size < needed)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "frame.data is too short [needed:%" PRIu64 ", found:%" PRIu64 "]", needed, data_file_size);
    reader->generation = vas_frames_u64(meta + 56);
    if (reader->generation > safe)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "impossible generation [found:%" PRIu64 "]", reader->generation);
    return VAS_FRAMES_OK;
}

/* Opens both files through one handle of the camera's folder, checks the header, and maps exactly what fstat says. */
static inline int vas_frames_map(vas_frames *reader) {
    const char *camera = reader->camera_id;
    struct stat found;
    int parent = -1, folder = -1, meta = -1, data = -1, answer;
    void *mapped;
    vas_frames_close(reader);
    if (!*camera || !strcmp(camera, ".") || !strcmp(camera, "..") || strchr(camera, '/'))
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_OUTSIDE, "the camera id is not the name of a folder");
    parent = open(reader->shm_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0) return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_GONE, "the export folder is not there");
    folder = openat(parent, camera, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        int why = errno;
        if (why == ENOENT)
            answer = VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_GONE, "the camera exports no frames");
        else if (fstatat(parent, camera, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(found.st_mode))
            answer = VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_OUTSIDE, "the camera's folder is a symbolic link");
        else
            answer = VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "the camera's folder cannot be opened [errno:%d]", why);
        goto done;
    }
    if (fstat(folder, &found) != 0) {
        answer = VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_GONE, "the camera exports no frames");
        goto done;
    }
    reader->folder.dev = found.st_dev;
    reader->folder.ino = found.st_ino;
    if ((answer = vas_frames_open_file(reader, folder, "frame.meta", &reader->meta_file, &meta)) != VAS_FRAMES_OK) goto done;
    if ((answer = vas_frames_open_file(reader, folder, "frame.data", &reader->data_file, &data)) != VAS_FRAMES_OK) goto done;
    mapped = mmap(NULL, (size_t)reader->meta_file.size, PROT_READ, MAP_SHARED, meta, 0);
    if (mapped == MAP_FAILED) {
        answer = VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "frame.meta cannot be mapped [errno:%d]", errno);
        goto done;
    }
    reader->meta = (const uint8_t *)mapped;
    reader->meta_bytes = (size_t)reader->meta_file.size;
    if ((answer = vas_frames_check(reader, (uint64_t)reader->data_file.size)) != VAS_FRAMES_OK) goto done;
    mapped = mmap(NULL, (size_t)reader->data_file.size, PROT_READ, MAP_SHARED, data, 0);
    if (mapped == MAP_FAILED) {
        answer = VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "frame.data cannot be mapped [errno:%d]", errno);
        goto done;
    }
    reader->data = (const uint8_t *)mapped;
    reader->data_bytes = (size_t)reader->data_file.size;
    /* The writer may have replaced the files between the two opens; a pair that is not current is no pair. */
    if (!vas_frames_is_current(reader))
        answer = VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_GONE, "the files were replaced while they were opened");
done:
    if (parent >= 0) close(parent);
    if (folder >= 0) close(folder);
    if (meta >= 0) close(meta);
    if (data >= 0) close(data);
    if (answer != VAS_FRAMES_OK) vas_frames_close(reader);
    return answer;
}

static inline int vas_frames_take(vas_frames *reader, uint32_t slot, vas_frame *frame) {
    const uint8_t *record;
    uint64_t offset, sequence, size;
    if (slot >= reader->slot_count)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "slot is beyond slot_count [slot_count:%" PRIu32 ", slot:%" PRIu32 "]", reader->slot_count, slot);
    record = reader->meta + 64 + 64 * (size_t)slot;
    sequence = __atomic_load_n((const uint64_t *)record, __ATOMIC_ACQUIRE);
    if (sequence % 2)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_TORN, "the slot is being written [sequence:%" PRIu64 "]", sequence);
    if (sequence == 0)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_GONE, "the slot holds no frame yet [slot:%" PRIu32 "]", slot);
    frame->frame_id = vas_frames_u64(record + 8);
    frame->timestamp_ns = vas_frames_u64(record + 16);
    frame->pts90k = (int64_t)vas_frames_u64(record + 24);
    frame->wall_ms = (int64_t)vas_frames_u64(record + 32);
    offset = vas_frames_u64(record + 40);
    frame->full_range = vas_frames_u32(record + 48) == 1;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n((const uint64_t *)record, __ATOMIC_RELAXED) != sequence)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_TORN, "the slot record changed while it was read");
    size = (uint64_t)reader->stride * reader->height / 2 * 3;
    if (offset > reader->data_bytes || reader->data_bytes - offset < size)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_INVALID, "the slot's offset leaves frame.data [offset:%" PRIu64 ", bytes:%zu]", offset, reader->data_bytes);
    frame->y = reader->data + offset;
    frame->uv = frame->y + (size_t)reader->stride * reader->height;
    frame->width = reader->width;
    frame->height = reader->height;
    frame->stride = reader->stride;
    frame->slot = slot;
    frame->generation = reader->generation;
    frame->sequence = sequence;
    frame->mapping = reader->mapping;
    return VAS_FRAMES_OK;
}

/* The newest complete frame. Files made anew since the last call are opened. */
static inline int vas_frames_newest(vas_frames *reader, vas_frame *frame) {
    int answer;
    if (!vas_frames_is_current(reader) && (answer = vas_frames_map(reader)) != VAS_FRAMES_OK) return answer;
    if (__atomic_load_n((const uint64_t *)(reader->meta + 8), __ATOMIC_ACQUIRE) == 0)
        return VAS_FRAMES_PROBLEM(reader, VAS_FRAMES_GONE, "no frame was written yet");
    return vas_frames_take(reader, vas_frames_u32(reader->meta + 52), frame);
}

/* The frame in one slot, for who was told of a slot and sequence: compare them and the generation with the frame's. */
static inline int vas_frames_slot(vas_frames *reader, uint32_t slot, vas_frame *frame) {
    int answer;
    if (!vas_frames_is_current(reader) && (answer = vas_frames_map(reader)) != VAS_FRAMES_OK) return answer;
    return vas_frames_take(reader, slot, frame);
}

/* True where the slot has held this very frame until now. Ask it after the pixels were used. */
static inline int vas_frames_still_valid(const vas_frames *reader, const vas_frame *frame) {
    if (!reader->meta || frame->mapping != reader->mapping) return 0;
    /* No load of a pixel may come after the load of the sequence. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n((const uint64_t *)(reader->meta + 64 + 64 * (size_t)frame->slot), __ATOMIC_RELAXED) == frame->sequence &&
           vas_frames_is_current(reader);
}

#ifdef __cplusplus
}
#endif
#endif
