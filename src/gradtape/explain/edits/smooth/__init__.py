"""Operations without a derivative, or with the derivative zero: passed through, softened, computed in another way."""
