import type { ReactNode } from 'react';
import { mix, safeColor } from '@/lib/color';
import { pick, seeded } from '@/lib/seed';

const GROUNDS = [
  '#b5533a',
  '#35606b',
  '#7d3f55',
  '#96762a',
  '#4b6b45',
  '#44547f',
  '#8a5a3c',
  '#5a6472',
] as const;
const SKINS = ['#f3d3b8', '#e8bd98', '#d9a27a', '#b97f57', '#8f5b3c', '#7a4a31'] as const;
const HAIRS = ['#241c1a', '#4a3024', '#7a4b2a', '#a8472a', '#c99a4b', '#8d8a86', '#e7dfd0'] as const;
const INK = '#231d1b';

type Part = (hair: string, shade: string) => ReactNode;

/** Hair behind the head, and before it. Coordinates are of a 64 x 64 picture, the head around (32, 29). */
const CUTS: readonly [{ back: Part; front: Part }, ...{ back: Part; front: Part }[]] = [
  // Short, parted at the side.
  {
    back: () => null,
    front: (hair) => (
      <path
        fill={hair}
        d="M19 29c-1-12 5-17 13.5-17S46 17 45 29c-2-4-3-7-4-8-5 1.5-11 1-15-1.5-1 3.5-4 5.5-7 9.500z"
      />
    ),
  },
  // A bob with a fringe.
  {
    back: (hair) => (
      <path
        fill={hair}
        d="M17 42c-2-8-1.5-14-.5-18C18 15 24 11 32 11s14 4 15.5 13c1 4 1.5 10-.5 18-4 2-26 2-30 0z"
      />
    ),
    front: (hair) => <path fill={hair} d="M19.5 27C20 18 25 14 32 14s12 4 12.5 13c-7-2.5-18-2.5-25 0z" />,
  },
  // Long and falling, parted in the middle.
  {
    back: (hair) => (
      <path
        fill={hair}
        d="M14 58c1-9 1-18 1.5-28C16 17 23 10.5 32 10.500S48 17 48.5 30c.5 10 .5 19 1.5 28-8 3-28 3-36 0z"
      />
    ),
    front: (hair) => (
      <path
        fill={hair}
        d="M19 32c-.5-11 5-17.5 13-17.500S45.5 21 45 32c-2-7-7-11-13-14.500C26 21 21 25 19 32z"
      />
    ),
  },
  // Curls.
  {
    back: (hair) => (
      <g fill={hair}>
        <circle cx="20" cy="22" r="7" />
        <circle cx="26" cy="15" r="7.5" />
        <circle cx="38" cy="15" r="7.5" />
        <circle cx="44" cy="22" r="7" />
        <circle cx="18" cy="31" r="6" />
        <circle cx="46" cy="31" r="6" />
      </g>
    ),
    front: (hair) => (
      <g fill={hair}>
        <circle cx="25" cy="19" r="4.5" />
        <circle cx="32" cy="17.5" r="5" />
        <circle cx="39" cy="19" r="4.5" />
      </g>
    ),
  },
  // A bun on top.
  {
    back: (hair) => <circle cx="32" cy="9.5" r="6.5" fill={hair} />,
    front: (hair) => (
      <path fill={hair} d="M19.5 28C19 18 24 13 32 13s13 5 12.5 15c-2.5-6-6.5-9-12.5-9s-10 3-12.5 9z" />
    ),
  },
  // Shaved, only a shadow of hair.
  {
    back: () => null,
    front: (hair) => (
      <path
        fill={hair}
        opacity="0.55"
        d="M20 27c0-8 4-12.5 12-12.500S44 19 44 27c-2-4.5-6-7.5-12-7.500S22 22.5 20 27z"
      />
    ),
  },
  // A braid over the shoulder.
  {
    back: (hair) => <path fill={hair} d="M17.5 36c-2-14 4-24.5 14.5-24.500S48.5 22 46.5 36z" />,
    front: (hair, shade) => (
      <g>
        <path
          fill={hair}
          d="M19.5 30c-.5-10 5-15.5 13-15.5 7 0 12 5 12 14-5-1-11-4-14-8-2 4.5-6 7.5-11 9.500z"
        />
        <path
          fill={hair}
          d="M44 33c4 2 4.5 5 3 8 2 2 2 5 .5 7.5 1.5 2.5 1 5-.5 8h-5c-2-3-1.5-6 0-8-2-2.5-1.5-5.5 0-7.5-1.5-2.5-.5-6 2-8z"
        />
        <path
          stroke={shade}
          strokeWidth="1"
          fill="none"
          d="M42.5 41.500c1.5 1 3.5 1 5 0M42.5 49c1.5 1 3.5 1 5 0"
        />
      </g>
    ),
  },
  // Swept up and back.
  {
    back: () => null,
    front: (hair) => (
      <path
        fill={hair}
        d="M19.5 28c-2-10 2-18 11-19 4-2.5 9-1 11 1.5 4 2 5 9 3 17.5-1.5-5-4-8.5-6.5-9.5-5 1-9 .5-12-.5-3 2-5 5-6.5 10z"
      />
    ),
  },
];

const EXTRAS: readonly [Part, ...Part[]] = [
  () => null,
  // Round glasses.
  () => (
    <g fill="none" stroke={INK} strokeWidth="1.3">
      <circle cx="27" cy="30" r="4.2" />
      <circle cx="37" cy="30" r="4.2" />
      <path d="M31.2 29.500q.8-.7 1.6 0" />
    </g>
  ),
  () => null,
  // A beard.
  (hair) => (
    <path
      fill={hair}
      d="M20 30c1 4 3 5 5 5.5 2-2 4-2.3 7-2.300s5 .3 7 2.300c2-.5 4-1.5 5-5.5.5 9-4 16-12 16s-12.5-7-12-16z"
    />
  ),
  // Freckles.
  (_, shade) => (
    <g fill={shade} opacity="0.7">
      <circle cx="24" cy="33.5" r=".7" />
      <circle cx="26.5" cy="34.5" r=".7" />
      <circle cx="40" cy="33.5" r=".7" />
      <circle cx="37.5" cy="34.5" r=".7" />
    </g>
  ),
];

/** Which deck the faces are dealt from: chosen by eye, so that the demo's characters look like six people. */
const DECK = 'mien-4185';

/** A face drawn from a seed: the same person looks the same everywhere. */
export function Face({ seed, color }: { seed: string; color?: string | undefined }) {
  const chance = seeded(`${seed}/${DECK}`);
  const ground = safeColor(color ?? '', pick(GROUNDS, chance()));
  const skin = pick(SKINS, chance());
  const hair = pick(HAIRS, chance());
  const cut = pick(CUTS, chance());
  const extra = pick(EXTRAS, chance());
  const cloth = chance() < 0.5 ? mix(ground, '#1a1613', 0.55) : mix(ground, '#fff6e6', 0.72);
  const shade = mix(skin, '#5a2a1a', 0.32);
  const bearded = extra === EXTRAS[3];
  return (
    <svg viewBox="0 0 64 64" width="100%" height="100%" role="presentation" focusable="false">
      <rect width="64" height="64" fill={mix(ground, '#fff6e6', 0.12)} />
      {cut.back(hair, shade)}
      <path fill={cloth} d="M7 66c0-13 9-19 25-19s25 6 25 19z" />
      <path fill={shade} d="M27 38h10v8.500c0 3.5-10 3.5-10 0z" />
      <circle cx="19.8" cy="30.5" r="2.6" fill={shade} />
      <circle cx="44.2" cy="30.5" r="2.6" fill={shade} />
      <path
        fill={skin}
        d="M20 27.500C20 19 25 14.5 32 14.500S44 19 44 27.500c0 9-5 15.5-12 15.500S20 36.5 20 27.500z"
      />
      {bearded ? extra(hair, shade) : null}
      <path
        d="M24.8 26.300q2-1.3 4.2-.3M35 26q2.2-1 4.2.3"
        stroke={mix(hair, INK, 0.4)}
        strokeWidth="1.2"
        fill="none"
        strokeLinecap="round"
      />
      <circle cx="27" cy="30" r="1.35" fill={INK} />
      <circle cx="37" cy="30" r="1.35" fill={INK} />
      <path
        d="M32 30.500l-1 3.300h1.6"
        stroke={shade}
        strokeWidth="1.1"
        fill="none"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <path
        d="M28.8 37.600q3.2 2.3 6.4 0"
        stroke={mix(shade, '#7a1f1a', 0.45)}
        strokeWidth="1.3"
        fill="none"
        strokeLinecap="round"
      />
      {cut.front(hair, shade)}
      {bearded ? null : extra(hair, shade)}
    </svg>
  );
}
