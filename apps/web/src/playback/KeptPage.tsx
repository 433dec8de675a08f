/** Exports, clips and snapshots: how far they are, and everything that is done with them. */
import "./playback.css";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { May } from "../people/May.tsx";
import { useCameras, useSite } from "../site.ts";
import { playbackText } from "../strings/playback.ts";
import { bytes, fullTime } from "../ui/format.ts";
import { navigate, useAddress, useTitle } from "../ui/hooks.ts";
import { MoreIcon } from "../ui/icons.tsx";
import { ConfirmDialog, Dialog } from "../ui/dialog.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { Empty, Failure, Field, Link, Loading } from "../ui/parts.tsx";
import { Progress } from "../ui/progress.tsx";
import { KEPT_PATH, momentPath } from "../ui/route.ts";
import { useToast } from "../ui/toast.tsx";
import { isGoingOn, KINDS, type KeptItem, lengthOfItem, nameOf } from "./kept.ts";
import { RecordingTabs } from "./RecordingTabs.tsx";
import type { Kind } from "./routes.ts";
import { useKept } from "./useKept.ts";

const ROW_PX = 104;

type Wish = { what: "watch" | "rename" | "remove"; item: KeptItem };

export function KeptPage() {
  useTitle(playbackText.keptTitle);
  const address = useAddress();
  const { cameras } = useCameras();
  const kind = KINDS.find((one) => one === address.searchParams.get("kind")) ?? "exports";
  const cameraId = address.searchParams.get("camera");
  const kept = useKept(kind, cameraId);
  const [wish, setWish] = useState<Wish | null>(null);
  const names = new Map(cameras?.map(({ id, name }) => [id, name]));
  const go = (next: { kind?: Kind; camera?: string }) => {
    const camera = next.camera ?? cameraId ?? "";
    const search = new URLSearchParams({ kind: next.kind ?? kind, ...(camera === "" ? {} : { camera }) });
    navigate(`${KEPT_PATH}?${search}`, true);
  };
  return (
    <section aria-label={playbackText.keptTitle}>
      <div className="toolbar">
        <h1>{playbackText.title}</h1>
        <RecordingTabs current={KEPT_PATH} />
      </div>
      <div className="row wrap kept-filters">
        <div className="segmented" role="group" aria-label={playbackText.keptTitle}>
          {KINDS.map((one) => (
            <button key={one} type="button" aria-pressed={kind === one} onClick={() => go({ kind: one })}>
              {playbackText.keptKinds[one]}
            </button>
          ))}
        </div>
        <label className="row">
          <span className="visually-hidden">{playbackText.camera}</span>
          <select value={cameraId ?? ""} onChange={(event) => go({ camera: event.target.value })}>
            <option value="">{playbackText.allCameras}</option>
            {cameras?.map((camera) => (
              <option key={camera.id} value={camera.id}>
                {camera.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Failure error={kept.error} retry={() => void kept.reload()} />
      {kept.items === null && !kept.error && <Loading what={playbackText.keptKinds[kind].toLowerCase()} />}
      {kept.items?.length === 0 && (
        <Empty title={playbackText.nothingKept[kind]}>
          <p>{kind === "snapshots" ? playbackText.nothingKeptSnapshots : playbackText.nothingKeptHint}</p>
          <Link to="/recordings" className="button">
            {playbackText.toTimeline}
          </Link>
        </Empty>
      )}
      {kept.items !== null && kept.items.length > 0 && (
        <List
          key={`${kind} ${cameraId}`}
          items={kept.items}
          names={names}
          hasMore={kept.hasMore}
          loading={kept.loading}
          onMore={() => void kept.more()}
          onWish={setWish}
        />
      )}
      {wish?.what === "watch" && <Watch item={wish.item} onClose={() => setWish(null)} />}
      {wish?.what === "rename" && (
        <Rename item={wish.item} onClose={() => setWish(null)} onNamed={(label) => kept.change(wish.item.id, label)} />
      )}
      {wish?.what === "remove" && (
        <Remove item={wish.item} onClose={() => setWish(null)} onRemoved={() => kept.forget(wish.item.id)} />
      )}
    </section>
  );
}

function List(props: {
  items: readonly KeptItem[];
  names: ReadonlyMap<string, string>;
  hasMore: boolean;
  loading: boolean;
  onMore: () => void;
  onWish: (wish: Wish) => void;
}) {
  const { items, hasMore, onMore } = props;
  const list = useRef<HTMLUListElement>(null);
  const [offset, setOffset] = useState(0);
  useEffect(() => setOffset(list.current?.offsetTop ?? 0), []);
  // However many there are, only those near the screen are elements.
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => ROW_PX,
    overscan: 6,
    scrollMargin: offset,
    getItemKey: (index) => items[index]?.id ?? index,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= items.length - 10) onMore();
  }, [hasMore, last, items.length, onMore]);
  return (
    <>
      <ul ref={list} className="kept" style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const item = items[row.index];
          return (
            item && (
              <li
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                aria-setsize={hasMore ? -1 : items.length}
                aria-posinset={row.index + 1}
                style={{ transform: `translateY(${row.start - offset}px)` }}
              >
                <Row
                  item={item}
                  camera={props.names.get(item.cameraId) ?? playbackText.gone}
                  onWish={(what) => props.onWish({ what, item })}
                />
              </li>
            )
          );
        })}
      </ul>
      {props.loading && (
        <p className="quiet" role="status">
          {playbackText.loadingMore}
        </p>
      )}
    </>
  );
}

function Row(props: { item: KeptItem; camera: string; onWish: (what: Wish["what"]) => void }) {
  const { item, camera, onWish } = props;
  const name = nameOf(item, fullTime(item.at));
  const facts = [
    camera,
    fullTime(item.at),
    lengthOfItem(item),
    item.sizeBytes === null ? null : bytes(item.sizeBytes),
    ...item.details,
  ].filter((fact) => fact !== null);
  return (
    <article className="kept-row" aria-label={name}>
      <button
        type="button"
        className="kept-picture"
        disabled={item.media === null}
        aria-label={`${playbackText.watch}: ${name}`}
        onClick={() => onWish("watch")}
      >
        <img src={item.picture} alt="" loading="lazy" onError={(event) => event.currentTarget.classList.add("none")} />
      </button>
      <div className="kept-words">
        <b>{item.label ?? item.title}</b>
        <small className="quiet number">{facts.join(" · ")}</small>
        {isGoingOn(item) && (
          <Progress
            label={playbackText.progressOf(name)}
            value={item.state === "queued" ? null : item.progress}
            words={
              item.state === "queued" ? playbackText.queued : playbackText.running(Math.round(item.progress * 100))
            }
          />
        )}
        {item.state === "failed" && <small className="bad-text">{playbackText.failedBecause(item.error ?? "")}</small>}
      </div>
      <div className="row kept-actions">
        {item.downloads.length === 1 &&
          item.downloads.map(({ words, href }) => (
            <a
              key={href}
              className="button"
              href={href}
              download
              aria-label={`${playbackText.download} ${words}: ${name}`}
            >
              {playbackText.download}
            </a>
          ))}
        {item.downloads.length > 1 && (
          <Menu
            trigger={
              <button type="button" aria-label={`${playbackText.download}: ${name}`}>
                {playbackText.download}
              </button>
            }
          >
            {item.downloads.map(({ words, href }) => (
              <MenuItem key={href} onSelect={() => download(href)}>
                {words}
              </MenuItem>
            ))}
          </Menu>
        )}
        <Menu
          trigger={
            <button type="button" className="icon-button" aria-label={playbackText.more(name)}>
              <MoreIcon />
            </button>
          }
        >
          <MenuItem onSelect={() => navigate(momentPath(item.cameraId, item.at))}>{playbackText.showMoment}</MenuItem>
          <May need="operate">
            <MenuItem onSelect={() => onWish("rename")}>{playbackText.rename}</MenuItem>
            <MenuItem danger onSelect={() => onWish("remove")}>
              {isGoingOn(item) ? playbackText.cancelExport : playbackText.remove}
            </MenuItem>
          </May>
        </Menu>
      </div>
    </article>
  );
}

/** As a link that was followed: the browser names the file and shows how far it is. */
function download(href: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

function Watch(props: { item: KeptItem; onClose: () => void }) {
  const { item } = props;
  const name = nameOf(item, fullTime(item.at));
  return (
    <Dialog open onClose={props.onClose} title={name} size="wide">
      {item.kind === "snapshots" ? (
        <img src={item.media ?? ""} alt={name} className="kept-media" />
      ) : (
        <video src={item.media ?? ""} controls autoPlay muted playsInline className="kept-media" aria-label={name} />
      )}
    </Dialog>
  );
}

function Rename(props: { item: KeptItem; onClose: () => void; onNamed: (label: string | null) => void }) {
  const { item, onClose } = props;
  const { vas } = useSite();
  const [label, setLabel] = useState(item.label ?? "");
  const [failed, setFailed] = useState<Parameters<typeof Failure>[0]["error"]>(null);
  const save = async () => {
    const outcome = await vas.renameKept(item.kind, item.id, label);
    if (!outcome.ok) return setFailed(outcome.error);
    props.onNamed(outcome.value.label);
    return onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={playbackText.renameTitle}
      actions={
        <button type="submit" form="rename" className="primary">
          {playbackText.save}
        </button>
      }
    >
      <form
        id="rename"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={playbackText.rangeName}>
          <input type="text" value={label} maxLength={256} onChange={(event) => setLabel(event.target.value)} />
        </Field>
      </form>
      <Failure error={failed} />
    </Dialog>
  );
}

function Remove(props: { item: KeptItem; onClose: () => void; onRemoved: () => void }) {
  const { item, onClose, onRemoved } = props;
  const { vas } = useSite();
  const toast = useToast();
  const isCancel = isGoingOn(item);
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={isCancel ? playbackText.cancelTitle : playbackText.removeTitle(nameOf(item, fullTime(item.at)))}
      action={isCancel ? playbackText.cancelExport : playbackText.remove}
      cancel={isCancel ? playbackText.keepGoing : undefined}
      busyWords={playbackText.removing}
      danger
      onConfirm={async () => {
        const outcome = await vas.deleteKept(item.kind, item.id);
        // What somebody else has deleted meanwhile is as gone.
        if (!outcome.ok && outcome.error.status !== 404) return outcome.error;
        onRemoved();
        toast({ words: playbackText.removed });
        return null;
      }}
    >
      <p>{isCancel ? playbackText.cancelWords : playbackText.removeWords}</p>
    </ConfirmDialog>
  );
}
