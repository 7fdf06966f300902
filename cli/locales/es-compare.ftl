### `socklab compare`, en español.
