import { Fragment, useContext } from "react";
import { uiText } from "../strings/ui.ts";
import { Dialog } from "./dialog.tsx";
import { keyWords, ShortcutContext } from "./shortcuts.ts";

export function ShortcutCard(props: { onClose: () => void }) {
  const book = useContext(ShortcutContext);
  return (
    <Dialog open onClose={props.onClose} title={uiText.shortcuts} size="wide">
      <div className="shortcuts">
        {book.sections().map((section) => (
          <section key={section.title}>
            <h3>{section.title}</h3>
            <dl>
              {section.shortcuts.map((shortcut) => (
                <div key={shortcut.keys.join()}>
                  <dt>{shortcut.words}</dt>
                  <dd>
                    {shortcut.keys.map((keys, at) => (
                      <Fragment key={keys}>
                        {at > 0 && <span className="quiet">{uiText.or}</span>}
                        {keys.split(" ").map((key, place) => (
                          <Fragment key={key}>
                            {place > 0 && <span className="quiet">{uiText.afterThat}</span>}
                            <kbd>{keyWords(key)}</kbd>
                          </Fragment>
                        ))}
                      </Fragment>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
