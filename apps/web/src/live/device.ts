/** mediasoup-client behind the few words of media.ts. It is loaded when the first picture is asked for. */
import type { types } from "mediasoup-client";
import type { LoadDevice } from "./media.ts";

export const loadDevice: LoadDevice<MediaStreamTrack> = async (routerRtpCapabilities) => {
  const { Device } = await import("mediasoup-client");
  const device = await Device.factory();
  await device.load({ routerRtpCapabilities: routerRtpCapabilities });
  return {
    rtpCapabilities: device.recvRtpCapabilities as unknown as Record<string, unknown>,
    receiver(transport, events) {
      const receiver = device.createRecvTransport({
        id: transport.transport_id,
        iceParameters: transport.ice_parameters as unknown as types.IceParameters,
        iceCandidates: transport.ice_candidates as unknown as types.IceCandidate[],
        dtlsParameters: transport.dtls_parameters as unknown as types.DtlsParameters,
      });
      receiver.on("connect", async ({ dtlsParameters }, done, failed) => {
        try {
          await events.connect(dtlsParameters);
        } catch (error) {
          failed(error as Error);
          return;
        }
        done();
      });
      receiver.on("connectionstatechange", (state) => {
        if (state === "failed") events.failed();
      });
      return {
        async consume(consumer) {
          return receiver.consume({
            id: consumer.consumer_id,
            producerId: consumer.producer_id,
            kind: consumer.kind,
            rtpParameters: consumer.rtp_parameters as unknown as types.RtpParameters,
          });
        },
        close: () => receiver.close(),
      };
    },
  };
};
