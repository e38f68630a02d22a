import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Height of a line in pixels. */
export const ROW = 18;
/** No element of a browser can be much higher; beyond it the scroll bar stands for more than it is long. */
const HEIGHT_MAX = 8_000_000;
/** Lines above and below what is seen. */
const MORE = 20;

/** Which lines of many are to be drawn, by how far a frame is scrolled. */
export function useWindow(total: number, isFollowing: boolean, setFollowing: (isFollowing: boolean) => void) {
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [visible, setVisible] = useState(400);
  const own = useRef(false);
  const full = total * ROW;
  const height = Math.min(full, HEIGHT_MAX);
  const reach = Math.max(full - visible, 0);
  const scale = height > visible && full > HEIGHT_MAX ? reach / (height - visible) : 1;

  const goTo = useCallback(
    (pixels: number): void => {
      const target = Math.min(Math.max(pixels, 0), reach);
      setTop(target);
      own.current = true;
      if (frame.current) frame.current.scrollTop = target / scale;
    },
    [reach, scale],
  );
  useLayoutEffect(() => {
    if (isFollowing) goTo(reach);
  }, [isFollowing, reach]);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setVisible(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const moveTo = (pixels: number): void => {
    setFollowing(pixels >= reach - ROW);
    goTo(pixels);
  };
  const onScroll = (): void => {
    if (own.current) return void (own.current = false);
    const at = (frame.current?.scrollTop ?? 0) * scale;
    setTop(at);
    setFollowing(at >= reach - ROW);
  };
  const onWheel = (event: WheelEvent): void => {
    if (scale === 1 || event.deltaY === 0) return;
    event.preventDefault();
    moveTo(top + event.deltaY);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      PageDown: top + visible - ROW,
      PageUp: top - visible + ROW,
      ArrowDown: top + ROW,
      ArrowUp: top - ROW,
      Home: 0,
      End: reach,
    };
    const target = steps[event.key];
    if (target === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    moveTo(target);
  };
  const first = Math.max(Math.floor(top / ROW) - MORE, 0);
  const last = Math.min(Math.ceil((top + visible) / ROW) + MORE, total);
  return {
    frame,
    height,
    visible,
    from: first,
    to: last,
    shift: top - first * ROW,
    goTo,
    onScroll,
    onWheel,
    onKeyDown,
  };
}
