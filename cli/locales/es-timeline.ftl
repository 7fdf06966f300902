### `socklab timeline`, en español.
