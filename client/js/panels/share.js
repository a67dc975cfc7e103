import { captionedPicture, copyScale } from '../canvas/captioned.js';
import { own } from '../canvas/picture.js';
import { fit } from '../canvas/placement.js';
import { find } from '../dom.js';
import { queryFor } from '../network/query.js';
import { writeSettings } from '../settings/address.js';
import { captionOf, endsOf, sentenceOf } from './captions.js';
import { copyPicture, copyText } from './clipboard.js';
import { numbersOf } from './colorBar.js';
import { fileName, save } from './files.js';
import { sayProblem } from './problem.js';

/** Copies for others: a link to what is on screen, and the picture with its caption. @param {import('../store.js').Store} store */
export function sharePanel(store) {
  const note = find('#share-note', HTMLParagraphElement);
  // It lies over the page until the next thing is done.
  for (const act of ['pointerdown', 'keydown']) document.addEventListener(act, () => { note.textContent = ''; });

  find('#copy-link', HTMLButtonElement).addEventListener('click', async () => {
    const said = await copyText(location.origin + location.pathname + writeSettings(store.state), 'The link');
    const without = store.state.picture?.sample === own ? 'Your picture is not in it: whoever follows it chooses one.' : '';
    note.textContent = `${said} ${without}`.trim();
  });

  find('#copy-picture', HTMLButtonElement).addEventListener('click', async () => {
    const { screen } = store.state;
    if (!screen) return;
    const picture = encoded(draw(screen));
    try {
      const name = fileName(screen.answer, captionOf(screen), queryFor('explain/overlay', screen.shown, screen.answer), 'png');
      note.textContent = await copyPicture(picture, async () => save(await picture, name));
    } catch (error) {
      sayProblem(note, error);
    }
  });
}

/** The size that it has on screen, in twice as many pixels. @param {import('../compute/screen.js').Screen} screen */
function draw(screen) {
  const stage = find('#stage', HTMLCanvasElement);
  const { image } = screen.answer;
  const width = Math.round(copyScale * image.width * fit({ width: stage.clientWidth, height: stage.clientHeight }, image).zoom);
  const style = getComputedStyle(document.body);
  const numbers = numbersOf(screen.limits, screen.map ? [screen.map] : []);
  const words = { sentence: sentenceOf(screen), caption: captionOf(screen), ends: endsOf(screen), numbers };
  const muted = getComputedStyle(find('#caption', HTMLParagraphElement)).color;
  return captionedPicture(screen, words, width, { ground: style.backgroundColor, text: style.color, muted, font: style.fontFamily });
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
const encoded = (canvas) => new Promise((resolve, reject) =>
  canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture is too large to copy.'))), 'image/png'));
