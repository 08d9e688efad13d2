/** What a toast library does, as far as a test needs to see it. */
export const toast = {
  success(title: string) {
    const item = document.createElement('li');
    item.textContent = title;
    document.getElementById('toasts')?.append(item);
  },
};
