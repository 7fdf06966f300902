### `socklab timeline`, in English.
