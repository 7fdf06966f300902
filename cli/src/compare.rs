mod proof;
mod reference;
