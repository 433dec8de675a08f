/** The ingest FFmpeg's output that a tap reads. */

/**
 * Arguments of one more output of the ingest FFmpeg: its video by copy as MPEG-TS into a pipe, in front of which the fifo
 * muxer drops whole packets, up to the next key frame, whenever the pipe does not take them. Nothing a tap does or omits
 * reaches FFmpeg's other outputs.
 *
 * | option | without it |
 * | --- | --- |
 * | queue_size 60, drop_pkts_on_overflow | a stalled tap stalls recording and live view |
 * | restart_with_keyframe | after a drop the tap decodes pictures whose references are missing |
 * | attempt_recovery, recover_any_error | a closed read end ends FFmpeg |
 * | dump_extra | a tap that joins mid-stream has no parameter sets where the camera sends them only once |
 * | muxdelay and muxpreload 0 | times are moved by 0.7 s and more against RTP and recordings |
 * | flush_packets | the end of a small picture waits in a buffer for the next one |
 * | omit_video_pes_length 0 | a picture is only known to be complete when the next one begins |
 * | pat_pmt_at_frames | a tap that joins mid-stream misses the tables of the key frame it could begin with |
 *
 * The input has to be what RTSP gives, parameter sets in Annex B form: those of an MP4 file, repeated by dump_extra, would
 * be no video to the muxer.
 *
 * MPEG-TS gives no length to a picture of more than 64 KiB, so such a key frame is exported when the next picture begins.
 * Any other is readable 1 to 2 ms after FFmpeg sent its last RTP packet, plus what the decoder holds back for B-frames.
 *
 * @param output such as `pipe:4`
 */
export function tapOutputArguments(output: string): string[] {
  const options =
    "-map 0:v:0 -c:v copy -bsf:v dump_extra=freq=keyframe -muxdelay 0 -muxpreload 0 " +
    "-f fifo -fifo_format mpegts -queue_size 60 -drop_pkts_on_overflow 1 -restart_with_keyframe 1 " +
    "-attempt_recovery 1 -recover_any_error 1 -recovery_wait_time 1 " +
    "-format_opts flush_packets=1:omit_video_pes_length=0:mpegts_flags=+pat_pmt_at_frames";
  return [...options.split(" "), output];
}
