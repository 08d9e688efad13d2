import { To } from './To';

export function Missing() {
  return (
    <main id="content" tabIndex={-1} className="missing">
      <p className="ornament" aria-hidden="true">
        ❦
      </p>
      <h1>This page is not in the book.</h1>
      <p>It may have been taken out, or the address has a slip of the pen in it.</p>
      <p>
        <To href="/" className="link">
          Back to the stories
        </To>
      </p>
    </main>
  );
}
