interface Props {
  title: string;
  text: string;
  action?: string;
  onAction?: () => void;
}

/** A calm word where there is nothing, or where something went wrong. */
export function Note({ title, text, action, onAction }: Props) {
  return (
    <div className="note" role={action ? 'alert' : undefined}>
      <p className="note-title">{title}</p>
      <p>{text}</p>
      {action ? (
        <button type="button" className="plain" onClick={onAction}>
          {action}
        </button>
      ) : null}
    </div>
  );
}
