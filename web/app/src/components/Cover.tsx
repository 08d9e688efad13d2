import type { ReactNode } from 'react';
import { luminance, mix, safeColor } from '@/lib/color';
import { pick, seeded } from '@/lib/seed';
import styles from './cover.module.css';

/** The inks a cover is printed with: its cloth, darker and lighter, the stamp and one bright colour. */
interface Inks {
  cloth: string;
  deep: string;
  deeper: string;
  soft: string;
  stamp: string;
  bright: string;
}

type Motif = (inks: Inks, chance: () => number) => ReactNode;

/** Whole numbers keep the markup short. Pictures are 200 wide and 300 high; the title stands in the upper part. */
const round = (value: number) => Math.round(value * 10) / 10;
const between = (chance: () => number, from: number, to: number) => round(from + chance() * (to - from));
const times = <T,>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const hills: Motif = ({ deep, deeper, soft, stamp }, chance) => {
  const ridge = (base: number, height: number) => {
    const phase = chance() * 6;
    const points = times(11, (i) => `${i * 20} ${round(base - height * Math.sin(i * 0.62 + phase))}`);
    return `M0 300L${points.join('L')}L200 300z`;
  };
  return (
    <g>
      <circle cx={between(chance, 50, 150)} cy="158" r="24" fill={stamp} />
      <path d={ridge(212, 15)} fill={soft} />
      <path d={ridge(238, 14)} fill={deep} />
      <path d={ridge(268, 11)} fill={deeper} />
    </g>
  );
};

const sunrise: Motif = ({ deep, stamp, bright }) => (
  <g>
    {times(11, (i) => {
      const angle = Math.PI * (0.04 + (i * 0.92) / 10);
      const [x, y] = [Math.cos(angle), Math.sin(angle)];
      return (
        <path
          key={angle}
          stroke={stamp}
          strokeWidth="2"
          strokeLinecap="round"
          d={`M${round(100 + 58 * x)} ${round(246 - 58 * y)}L${round(100 + (i % 2 ? 82 : 96) * x)} ${round(246 - (i % 2 ? 82 : 96) * y)}`}
        />
      );
    })}
    <path d="M54 246a46 46 0 0 1 92 0z" fill={bright} />
    <path d="M0 246h200v54H0z" fill={deep} />
    <path stroke={stamp} strokeWidth="1.5" strokeLinecap="round" d="M70 260h60M82 272h36M92 284h16" />
  </g>
);

const ripples: Motif = ({ stamp, bright, deep }, chance) => {
  const x = between(chance, 70, 130);
  return (
    <g>
      <path d="M0 216h200v84H0z" fill={deep} />
      <g fill="none" stroke={stamp} strokeWidth="1.3">
        {times(7, (i) => (
          <ellipse key={i} cx={x} cy="246" rx={10 + i * 19} ry={2.5 + i * 5.5} opacity={1 - i * 0.12} />
        ))}
      </g>
      <circle cx={x} cy="170" r="13" fill={bright} />
    </g>
  );
};

const wires: Motif = ({ stamp, bright, deeper }, chance) => {
  const sag = (x: number, y: number) => round(y + 14 * Math.sin((Math.PI * x) / 200));
  const birds = times(5, (i) => ({
    x: between(chance, 22 + i * 34, 40 + i * 34),
    row: chance() < 0.5 ? 186 : 214,
  }));
  const lucky = Math.floor(chance() * birds.length);
  return (
    <g>
      <path d="M0 272h200v28H0z" fill={deeper} />
      <g fill="none" stroke={stamp} strokeWidth="1.4">
        <path d="M0 186Q100 214 200 186M0 214Q100 242 200 214" />
      </g>
      {birds.map(({ x, row }, i) => (
        <path
          key={x}
          fill={i === lucky ? bright : stamp}
          transform={`translate(${x} ${sag(x, row) - 1})`}
          d="M-2 1c-5-3-5-11 1-14 1-3 5-4 7-1.500l3.5 1-3 2c1 6-2 10-5 12.500l-1 6-3 1z"
        />
      ))}
    </g>
  );
};

const stars: Motif = ({ stamp, bright }, chance) => {
  let height = between(chance, 190, 240);
  const points = times(7, (i) => {
    height = 0.4 * height + 0.6 * between(chance, 156, 268);
    return [round(30 + i * 23 + chance() * 6), round(height)] as const;
  });
  return (
    <g>
      {times(26, () => (
        <circle
          key={chance()}
          cx={between(chance, 14, 186)}
          cy={between(chance, 130, 286)}
          r="0.9"
          fill={stamp}
          opacity="0.6"
        />
      ))}
      <path
        fill="none"
        stroke={stamp}
        strokeWidth="1"
        d={`M${points.map(([x, y]) => `${x} ${y}`).join('L')}`}
      />
      {points.map(([x, y], i) => (
        <circle key={x} cx={x} cy={y} r={i === 3 ? 6 : 3} fill={i === 3 ? bright : stamp} />
      ))}
    </g>
  );
};

const branch: Motif = ({ stamp, bright, soft }, chance) => {
  const flip = chance() < 0.5 ? 'translate(200 0) scale(-1 1)' : undefined;
  return (
    <g transform={flip}>
      <path
        fill="none"
        stroke={stamp}
        strokeWidth="1.8"
        strokeLinecap="round"
        d="M60 300C64 250 84 200 140 140"
      />
      {times(7, (i) => {
        const along = 0.12 + i * 0.13;
        const x = round(60 + 12 * along + 68 * along * along);
        const y = round(300 - 160 * along);
        const side = i % 2 ? 1 : -1;
        return (
          <path
            key={along}
            fill={i % 3 === 0 ? soft : stamp}
            transform={`translate(${x} ${y}) rotate(${side > 0 ? 68 : -28})`}
            d="M0 0c10-11 11-24 0-38-11 14-10 27 0 38z"
          />
        );
      })}
      <circle cx="146" cy="136" r="7" fill={bright} />
      <circle cx="128" cy="128" r="5" fill={bright} />
    </g>
  );
};

const windows: Motif = ({ deep, deeper, stamp, bright }, chance) => (
  <g>
    <path d="M34 152l66-30 66 30v148H34z" fill={deep} />
    {times(16, (i) => {
      const lit = chance();
      return (
        <rect
          key={i}
          x={50 + (i % 4) * 27}
          y={166 + Math.floor(i / 4) * 32}
          width="17"
          height="22"
          rx="1.5"
          fill={lit > 0.86 ? bright : lit > 0.55 ? stamp : deeper}
        />
      );
    })}
  </g>
);

const waves: Motif = ({ cloth, deep, stamp, bright }, chance) => (
  <g>
    <circle cx={between(chance, 60, 140)} cy="168" r="26" fill={bright} />
    {times(5, (row) =>
      times(6, (i) => {
        const x = i * 40 + (row % 2 ? -20 : 0);
        const y = 206 + row * 20;
        return (
          <g key={`${x}-${y}`} stroke={stamp} strokeWidth="1.3">
            <circle cx={x} cy={y + 20} r="25" fill={row % 2 ? cloth : deep} />
            <circle cx={x} cy={y + 20} r="17" fill="none" />
            <circle cx={x} cy={y + 20} r="9" fill="none" />
          </g>
        );
      }),
    )}
  </g>
);

const MOTIFS: readonly [Motif, ...Motif[]] = [hills, sunrise, ripples, wires, stars, branch, windows, waves];
const BRIGHTS = ['#e2653f', '#e6b04c', '#f1dca7'] as const;

function inksOf(color: string, chance: () => number): Inks {
  const cloth = safeColor(color, '#4a3f35');
  const light = luminance(cloth) > 0.2;
  const bright = pick(BRIGHTS, chance());
  const near = Math.abs(luminance(bright) - luminance(cloth)) < 0.12;
  return {
    cloth,
    deep: mix(cloth, '#0c0a08', 0.24),
    deeper: mix(cloth, '#0c0a08', 0.44),
    soft: mix(cloth, '#fff4df', 0.18),
    stamp: light ? '#2a211a' : '#f4ead5',
    bright: near ? (light ? '#a3341a' : '#f1dca7') : bright,
  };
}

/** A word that would not fit a line at the usual size. */
const longWords = (title: string) => title.split(/\s+/).some((word) => word.length > 11);

export interface CoverStory {
  title: string;
  cover_color: string;
}

/** A cloth-bound book, drawn from its title and colour. The title on it is text. */
export function Cover({ story, small = false }: { story: CoverStory; small?: boolean }) {
  const chance = seeded(`${story.title}/spine-7`);
  const motif = pick(MOTIFS, chance());
  const inks = inksOf(story.cover_color, chance);
  const dark = inks.stamp === '#2a211a';
  return (
    <span className={styles.cover} data-small={small || undefined} data-ink={dark ? 'dark' : 'light'}>
      <svg
        className={styles.art}
        viewBox="0 0 200 300"
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <rect width="200" height="300" fill={inks.cloth} />
        {motif(inks, chance)}
        <rect
          x="7.5"
          y="7.5"
          width="185"
          height="285"
          rx="2"
          fill="none"
          stroke={inks.stamp}
          strokeOpacity="0.45"
        />
        <path d="M3.5 0v300" stroke={inks.deeper} strokeOpacity="0.45" />
      </svg>
      {small ? null : (
        <span className={styles.title} data-long={longWords(story.title) || undefined}>
          {story.title}
        </span>
      )}
    </span>
  );
}
