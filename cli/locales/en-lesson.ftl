### `socklab lesson`, in English.
