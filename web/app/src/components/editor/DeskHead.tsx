'use client';

import type { User } from '@storywire/client';
import { BookOpen } from 'lucide-react';
import { retitle } from '@/lib/editor/content';
import type { CoAuthor } from '@/lib/editor/people';
import { savedLine } from '@/lib/editor/saved';
import type { Desk } from '@/lib/editor/useDesk';
import { storyPath } from '@/lib/route';
import { Avatar } from '../Avatar';
import { To } from '../To';
import { DraftInput } from './DraftInput';
import styles from './desk.module.css';
import { Publish } from './Publish';

interface Props {
  desk: Desk;
  storyId: string;
  onOpen: (id: string) => void;
}

/** The title, what is saved, who is here, and what can be done with the whole story. */
export function DeskHead({ desk, storyId, onOpen }: Props) {
  const { outline, state, doc, people, writable } = desk;
  const saved = savedLine(state);
  return (
    <header className={styles.head}>
      <h1 className="visually-hidden">Writing {outline.title}</h1>
      <DraftInput
        className={styles.title}
        label="Title of the story"
        value={outline.title}
        disabled={!writable}
        maxLength={state.limits?.name ?? 200}
        onCommit={(title) => retitle(doc, title)}
      />
      <p className={styles.saved} role="status" aria-label="Saving" data-state={saved.state}>
        {saved.words}
      </p>
      <CoAuthors people={people} desk={desk} onOpen={onOpen} />
      <To href={storyPath(storyId)} className={styles.action}>
        <BookOpen size={18} strokeWidth={1.5} aria-hidden="true" />
        <span>Read</span>
      </To>
      {writable ? <Publish desk={desk} onOpen={onOpen} /> : null}
    </header>
  );
}

/** More faces than this are a number. */
const FACES = 5;

/** The faces of co-authors; one press leads to where somebody is. */
function CoAuthors({
  people,
  desk,
  onOpen,
}: {
  people: readonly CoAuthor[];
  desk: Desk;
  onOpen: Props['onOpen'];
}) {
  const persons = [...new Map(people.map((person) => [person.id, person])).values()];
  return (
    <ul className={styles.people} aria-label="Here now">
      {persons.slice(0, FACES).map((person) => {
        const where = person.passageId ? desk.outline.byId.get(person.passageId) : undefined;
        const words = where ? `${person.name} is in ${where.name}` : `${person.name} is here`;
        return (
          <li key={person.id}>
            <button
              type="button"
              title={words}
              aria-label={words}
              style={{ borderColor: person.color }}
              onClick={() => where && onOpen(where.id)}
            >
              <Avatar person={userOf(person)} size={28} />
            </button>
          </li>
        );
      })}
      {persons.length > FACES ? <li className={styles.more}>+{persons.length - FACES}</li> : null}
    </ul>
  );
}

const userOf = ({ id, name }: CoAuthor): User => ({ id, display_name: name, avatar_url: null });
