### `socklab lesson`, en español.
