"""What traced functions do not allow: choices and loops by values, sizes, keys, classes that JAX does not know."""
