// The server's events, for as long as the page is open.

const SILENCE_MS = 12_000; // the server says every 5 s that it is alive
const RETRY_MS = 1_000;

/**
 * Connect, and again whenever the connection is lost.
 * *onState* gets "live" or "disconnected"; *handlers* has a function for the data of each event.
 */
export function follow(address, handlers, onState) {
  let source;
  let watchdog;

  function heard() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, SILENCE_MS);
  }

  function lost() {
    source.close();
    clearTimeout(watchdog);
    onState("disconnected");
    setTimeout(connect, RETRY_MS);
  }

  function connect() {
    source = new EventSource(address);
    source.onopen = () => onState("live");
    source.onerror = lost;
    for (const [name, handle] of Object.entries({ alive() {}, ...handlers })) {
      source.addEventListener(name, (event) => {
        heard();
        handle(JSON.parse(event.data));
      });
    }
    heard();
  }

  connect();
}
